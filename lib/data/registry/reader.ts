import { ContextRefusedError, RegistryUnavailableError, TenantUnknownError } from '../../words/errors/index.ts'
import type { Tenant, TenantId } from '../../words/types.ts'
import type { Naming } from '../isolation/index.ts'
import { Recent } from './recent.ts'
import { parseTenant } from './row.ts'
import { RegistryVersion, type RegistryVersionOptions, versionOf } from './version.ts'

/** How the registry is read. */
export interface RegistryReaderOptions extends RegistryVersionOptions {
  /** Sends {@link TENANT_ROW_SQL} with this tenant's settings, and returns the rows. */
  readonly readRow: (tenantId: TenantId) => Promise<readonly unknown[]>
  readonly naming: Naming
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
  /** Returns what `find` would, if an answer that is still believed is at hand; undefined says to ask `find`. */
  peek (tenantId: TenantId): Tenant | undefined
  /** Makes the next `find` of this tenant ask again. */
  forget (tenantId: TenantId): void
  /** Makes the next `find` of every tenant ask again: the registry said that it has changed. */
  forgetAll (): void
  /** How many answers are kept. */
  readonly size: number
}

/** What the registry said of a tenant. */
interface Answer {
  readonly tenant: Tenant | 'unknown'
  /** The version of the registry in the same snapshot. */
  readonly version: string | undefined
  /** When it was asked. */
  readonly since: number
}

const MAX_ANSWERS = 10_000

/** An answer is asked for again after that, should somebody have switched off what changes the version. */
const MAX_AGE_MS = 60_000

/**
 * Returns a {@link RegistryReader} that believes an answer, "there is none" too, for `cacheMs`, and for as long as the
 * registry's version, itself read less than `cacheMs` ago, is the answer's. So a change is felt within `cacheMs`, and
 * many tenants cost no more reads than one.
 *
 * At most 10,000 answers are kept, for a minute at most. Callers who ask for the same tenant at the same time share one
 * read. A failed read is kept for nobody.
 */
export function createRegistryReader (options: RegistryReaderOptions): RegistryReader {
  const version = new RegistryVersion(options)
  const answers = new Recent<Answer>(Math.max(MAX_AGE_MS, options.cacheMs), MAX_ANSWERS)
  const reads = new Map<TenantId, Promise<Answer>>()

  function read (tenantId: TenantId): Promise<Answer> {
    const reading = ask(options, tenantId).then((answer) => {
      // After a forget() this answer may be older than the change that it was called for.
      if (reads.get(tenantId) === reading) answers.set(tenantId, answer)
      return answer
    }).finally(() => {
      if (reads.get(tenantId) === reading) reads.delete(tenantId)
    })
    reads.set(tenantId, reading)
    return reading
  }

  /** The answer at hand, if it is still believed. */
  function recall (tenantId: TenantId): Answer | undefined {
    const now = performance.now()
    version.keepCurrent(now)
    const answer = answers.get(tenantId, now)
    if (answer === undefined) return undefined
    return now - answer.since < options.cacheMs || version.isCurrent(answer.version, now) ? answer : undefined
  }

  async function refreshed (tenantId: TenantId): Promise<Answer> {
    // After a quiet time, one read of the version may be enough for everybody.
    if (answers.get(tenantId, performance.now()) !== undefined) await version.reading
    return recall(tenantId) ?? await (reads.get(tenantId) ?? read(tenantId))
  }

  return {
    async find (tenantId) {
      return known(recall(tenantId) ?? await refreshed(tenantId))
    },
    peek (tenantId) {
      const tenant = recall(tenantId)?.tenant
      return tenant === 'unknown' ? undefined : tenant
    },
    forget (tenantId) {
      answers.delete(tenantId)
      reads.delete(tenantId)
    },
    forgetAll () {
      answers.clear()
      reads.clear()
    },
    get size () {
      return answers.size
    }
  }
}

function known ({ tenant }: Answer): Tenant {
  if (tenant === 'unknown') throw new TenantUnknownError()
  return tenant
}

async function ask (options: RegistryReaderOptions, tenantId: TenantId): Promise<Answer> {
  const since = performance.now()
  try {
    const rows = await options.readRow(tenantId)
    if (rows.length === 0) return { tenant: 'unknown', version: undefined, since }
    const tenant = parseTenant(rows[0], options.naming)
    if (rows.length > 1 || tenant.id !== tenantId) throw new Error('the tenant registry answered with another tenant')
    return { tenant, version: versionOf(rows[0]), since }
  } catch (cause) {
    // A key that the database does not take is nothing that looking after the registry would mend.
    throw cause instanceof ContextRefusedError ? cause : new RegistryUnavailableError({ cause })
  }
}
