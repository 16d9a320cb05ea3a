import { type SigningStatus, addSigningKeys, readSigningStatus, retireSigningKey, setSigningStage } from '../../operations/signing/index.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'

/** The keys that sign the tenant context, in the databases of a deployment. All of it needs `ownerDatabase`. */
export interface TenancySigning {
  /**
   * Tells how far each database is: its stage, the ids of its keys, tables whose policies take what is not signed, and by how
   * much its clock differs. No secret is in it.
   */
  status (): Promise<readonly SigningStatus[]>
  /**
   * Makes every database know the keys of the option `signing`, and returns the ids of those that are new. Policies check
   * signatures from the next `migrate` or `provision` on, and take plain ids too until {@link require}; in a database without
   * tenants they take none at once.
   *
   * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — the option is not set.
   * @throws {SigningChangeError} FST_TENANCY_SIGNING_CHANGE_REFUSED — an id is in use for another key, or was.
   */
  add (): Promise<readonly string[]>
  /**
   * Takes nothing any more that is not signed. Every process has to sign by then.
   *
   * @throws {SigningChangeError} FST_TENANCY_SIGNING_CHANGE_REFUSED — there is no key, or `migrate` has not changed every policy.
   */
  require (): Promise<void>
  /** Takes plain ids too, as before {@link require}: SQL can change the tenant then. */
  allowPlain (): Promise<void>
  /**
   * Makes policies with `migrate` and `provision` again that check nothing.
   *
   * @throws {SigningChangeError} FST_TENANCY_SIGNING_CHANGE_REFUSED — plain ids are not taken at present.
   */
  stop (): Promise<void>
  /**
   * Takes a key away: what it signed is refused from now on, so no process may sign with it any more.
   *
   * @throws {SigningChangeError} FST_TENANCY_SIGNING_CHANGE_REFUSED — these options sign with it, it is the only one, or there is none.
   */
  retire (keyId: string): Promise<void>
}

/** Returns what there is to do with keys. */
export function createSigning (config: TenancyConfig): TenancySigning {
  return {
    status: async () => await readSigningStatus(config),
    add: async () => await addSigningKeys(config),
    require: async () => await setSigningStage(config, 'required'),
    allowPlain: async () => await setSigningStage(config, 'optional'),
    stop: async () => await setSigningStage(config, 'off'),
    retire: async (keyId) => await retireSigningKey(config, keyId)
  }
}
