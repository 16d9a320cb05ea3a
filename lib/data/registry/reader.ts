import { RegistryUnavailableError, TenantUnknownError } from '../../words/errors.ts'
import type { Tenant, TenantId } from '../../words/types.ts'
import { Recent } from './recent.ts'
import { parseTenant } from './row.ts'

/** How the registry is read. */
export interface RegistryReaderOptions {
  /** Sends {@link TENANT_ROW_SQL} with this tenant's settings, and returns the rows. */
  readonly readRow: (tenantId: TenantId) => Promise<readonly unknown[]>
  /** How long an answer is believed, in milliseconds. */
  readonly cacheMs: number
  /** The schema that tenants have under `rls`. */
  readonly sharedSchema: string
}

/** The registry, as the application's role reads it: one tenant at a time. */
export interface RegistryReader {
  /**
   * Returns the tenant with this id, whatever its status.
   *
   * @throws {TenantUnknownError} FST_TENANCY_TENANT_UNKNOWN — there is none.
   * @throws {RegistryUnavailableError} FST_TENANCY_REGISTRY_UNAVAILABLE — the registry did not answer, or not
   * believably; `cause` says why.
   */
  find (tenantId: TenantId): Promise<Tenant>
  /** Makes the next `find` of this tenant ask again. */
  forget (tenantId: TenantId): void
  /** How many answers are kept. */
  readonly size: number
}

const MAX_ANSWERS = 10_000

/**
 * Returns a {@link RegistryReader} that keeps answers, "there is none" too, for `cacheMs`.
 *
 * At most 10,000 answers are kept. Callers who ask for the same tenant at the same time share one read. A failed read
 * is kept for nobody.
 */
export function createRegistryReader (options: RegistryReaderOptions): RegistryReader {
  const answers = new Recent<Tenant | 'unknown'>(options.cacheMs, MAX_ANSWERS)
  const reads = new Map<TenantId, Promise<Tenant | 'unknown'>>()

  function read (tenantId: TenantId): Promise<Tenant | 'unknown'> {
    const since = performance.now()
    const reading = ask(options, tenantId).then((answer) => {
      // After a forget() this answer may be older than the change that it was called for.
      if (reads.get(tenantId) === reading) answers.set(tenantId, answer, since)
      return answer
    }).finally(() => {
      if (reads.get(tenantId) === reading) reads.delete(tenantId)
    })
    reads.set(tenantId, reading)
    return reading
  }

  return {
    async find (tenantId) {
      const answer = answers.get(tenantId) ?? await (reads.get(tenantId) ?? read(tenantId))
      if (answer === 'unknown') throw new TenantUnknownError()
      return answer
    },
    forget (tenantId) {
      answers.delete(tenantId)
      reads.delete(tenantId)
    },
    get size () {
      return answers.size
    }
  }
}

async function ask (options: RegistryReaderOptions, tenantId: TenantId): Promise<Tenant | 'unknown'> {
  try {
    const rows = await options.readRow(tenantId)
    if (rows.length === 0) return 'unknown'
    const tenant = parseTenant(rows[0], options)
    if (rows.length > 1 || tenant.id !== tenantId) throw new Error('the tenant registry answered with another tenant')
    return tenant
  } catch (cause) {
    throw new RegistryUnavailableError({ cause })
  }
}
