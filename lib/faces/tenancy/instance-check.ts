import { INSTANCE_SQL, MARK_INSTANCE_SQL } from '../../operations/roles/index.ts'
import type { Enforcement } from '../../settings/enforcement/index.ts'
import { InstanceMismatchError, RegistryUnavailableError } from '../../words/errors/index.ts'
import type { TenancyLogger, TenantId } from '../../words/types.ts'

/** Sends one statement as the application's role, outside of every tenant. */
type Ask = (text: string, parameters: readonly string[]) => Promise<readonly Record<string, unknown>[]>

/**
 * What an older set-up, or none, answers: no schema, table or column, or no right on them; and a standby, which cannot be
 * marked. There the instances cannot be told apart, which `verify` reports.
 */
const WITHOUT_MARK = new Set(['3F000', '42P01', '42703', '42501', '25006'])

/**
 * Compares TENANT_ID with the mark in the database, and leaves it where there is none: two deployments that were given one
 * database by mistake must not both serve it. Once, at the start.
 *
 * @throws {InstanceMismatchError} FST_TENANCY_INSTANCE_MISMATCH — the database is another instance's; in observe mode it is
 * logged and counted.
 * @throws {RegistryUnavailableError} FST_TENANCY_REGISTRY_UNAVAILABLE — the mark cannot be read; `cause` says why.
 */
export async function requireInstance (ask: Ask, tenantId: TenantId, enforcement: Enforcement, log: TenancyLogger): Promise<void> {
  const marked = await markOf(ask, tenantId)
  if (marked === undefined) log.warn({}, 'the database has no place for the mark of its instance, so another one with another TENANT_ID could serve it too: run setUpDatabase() of this version again')
  else if (marked === null) log.warn({}, 'TENANT_ID is not a tenant that this database knows, so nothing can be served: correct TENANT_ID or DATABASE_URL, or provision the tenant')
  else if (marked !== tenantId) enforcement.refuse(new InstanceMismatchError())
}

function tenantOf ([row]: readonly Record<string, unknown>[]): string | null {
  const tenant = row?.['tenant']
  return typeof tenant === 'string' ? tenant : null
}

/** The tenant of the mark; null where there is none and the registry does not know this one; undefined where there can be none. */
async function markOf (ask: Ask, tenantId: TenantId): Promise<string | null | undefined> {
  try {
    const marked = tenantOf(await ask(INSTANCE_SQL, []))
    if (marked !== null) return marked
    await ask(MARK_INSTANCE_SQL, [tenantId])
    // Whose mark it is when two come at once, the server decides.
    return tenantOf(await ask(INSTANCE_SQL, []))
  } catch (cause) {
    const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (typeof code === 'string' && WITHOUT_MARK.has(code)) return undefined
    throw new RegistryUnavailableError({ cause })
  }
}
