import type { TransactionSql } from 'postgres'
import { HOME, type TenancyConfig } from '../../settings/config/index.ts'
import { type SigningState, addKeys, noteAction, readSigning, readStage, retireKey, setStage, takeLock, writeSigning } from '../../data/owner/index.ts'
import { OptionsInvalidError, SigningChangeError } from '../../words/errors/index.ts'
import type { Place, SigningStage } from '../../words/types.ts'
import { roleAt } from '../roles/index.ts'
import { atHome, atOthers } from './places.ts'
import { unsignedTables } from './unsigned.ts'

/**
 * Makes every database of the deployment know the keys of the option `signing`, and returns the ids of those that are new.
 * Policies check what is signed from the next migration on, and take what is not until it is required.
 *
 * @throws {SigningChangeError} FST_TENANCY_SIGNING_CHANGE_REFUSED — an id is in use for another key.
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — there is no option `signing`.
 */
export async function addSigningKeys (config: TenancyConfig): Promise<readonly string[]> {
  const { signing } = config
  if (signing === undefined) throw new OptionsInvalidError('- the keys to add are those of the option signing (TENANT_SIGNING).')
  return await change(config, 'signing.add', async (tx) => await addKeys(tx, signing))
}

/**
 * Takes a key away from every database of the deployment: what it signed is refused from now on.
 *
 * @throws {SigningChangeError} FST_TENANCY_SIGNING_CHANGE_REFUSED — this process signs with it, or it is the only one.
 */
export async function retireSigningKey (config: TenancyConfig, id: string): Promise<void> {
  if (config.signing?.current === id) throw new SigningChangeError('it is the key that these options sign with: make another one signing.current in every process first.')
  await change(config, 'signing.retire', async (tx) => await retireKey(tx, id))
}

/**
 * Says whether what is not signed is taken, in every database of the deployment.
 *
 * @throws {SigningChangeError} FST_TENANCY_SIGNING_CHANGE_REFUSED — there is no key, or a table has a policy that does not check.
 */
export async function setSigningStage (config: TenancyConfig, stage: SigningStage): Promise<void> {
  if (stage === 'required') await assertReady(config)
  await change(config, `signing.${stage}`, async (tx) => {
    const before = await readStage(tx)
    if (stage === 'off' && before === 'required') throw new SigningChangeError('what is not signed is refused at present: allow it, and let every process start without the option signing, first.')
    await setStage(tx, stage)
  })
}

async function assertReady (config: TenancyConfig): Promise<void> {
  const state = await atHome(config, readSigning)
  if (!state.keys.some(({ inner }) => inner !== null)) throw new SigningChangeError('the database has no key: run "zakops-tenancy signing add" first.')
  const found = async (tx: TransactionSql, place: Place): Promise<readonly string[]> => await unsignedTables(tx, roleAt(config, place))
  const tables = [...await atHome(config, (tx) => found(tx, HOME)), ...(await atOthers(config, found)).flat()]
  if (tables.length > 0) throw new SigningChangeError(`${tables.length} tables have policies that do not check signatures: run "zakops-tenancy migrate" first, and "spares" where schemas are made ahead.`)
}

/** Changes the database with the registry, and makes the others know what it knows then. Run again, it goes on. */
async function change<T> (config: TenancyConfig, action: string, fn: (tx: TransactionSql) => Promise<T>): Promise<T> {
  const { result, state } = await atHome(config, async (tx): Promise<{ readonly result: T, readonly state: SigningState }> => {
    await takeLock(tx, 'signing')
    const made = await fn(tx)
    await noteAction(tx, { action })
    return { result: made, state: await readSigning(tx) }
  })
  await atOthers(config, async (tx) => await writeSigning(tx, state))
  return result
}
