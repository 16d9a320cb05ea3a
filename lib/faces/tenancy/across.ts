import type { TenantSql } from '../../data/client/index.ts'
import { inTransaction, noteAction, withOwner } from '../../data/owner/index.ts'
import { type TenantFilter, activeTenants, inParallel, operate } from '../../operations/across/index.ts'
import { type ViewsRequest, createTenantViews } from '../../operations/views/index.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { currentContext } from '../../settings/context/index.ts'
import { CrossTenantError, OptionsInvalidError } from '../../words/errors/index.ts'
import type { Tenant } from '../../words/types.ts'
import type { Tenancy } from './tenancy.ts'

/** Which tenants, and how many at once. */
export interface EachTenantOptions {
  /** Default: `4`. */
  readonly concurrency?: number
  /** Default: every active tenant. */
  readonly where?: TenantFilter
  /** Begins no other tenant after one has failed. Default: `false`. */
  readonly stopOnError?: boolean
}

/** What came of one tenant. */
export interface TenantOutcome<T> {
  readonly tenantId: string
  readonly value?: T
  readonly error?: Error
}

/** What came of each tenant that was begun, in the order of their ids. */
export interface EachTenantReport<T> {
  readonly results: ReadonlyArray<TenantOutcome<T>>
  readonly failed: number
}

/** How a query goes to all tenants. */
export interface AcrossOptions extends Pick<EachTenantOptions, 'concurrency' | 'where'> {
  /** Goes into the audit log. */
  readonly actor?: string
}

/** A row, and whose it is. */
export type TenantRow<R = Record<string, unknown>> = R & { readonly tenant: string }

/** Work on many tenants, on purpose. Refused inside a tenant's context. Needs `operatorDatabase` or `ownerDatabase` to list the tenants. */
export interface TenancyAcross {
  /**
   * Calls `fn` once for each active tenant, in that tenant's context, four at once. A tenant that fails is reported and the
   * others go on, unless it is asked to stop.
   *
   * @example
   * const { failed } = await tenancy.forEachTenant(async () => {
   *   await tenancy.sql`delete from user_sessions where created_at < now() - interval '30 days'`
   * }, { where: ({ isolation }) => isolation !== 'rls' })
   *
   * @throws {CrossTenantError} FST_TENANCY_CONTEXT_CROSS_TENANT — inside a tenant's context.
   */
  forEachTenant<T> (fn: (tenant: Tenant) => T | PromiseLike<T>, options?: EachTenantOptions): Promise<EachTenantReport<T>>
  /**
   * Runs one query for every active tenant, whatever its strategy, each as that tenant in a read-only transaction, and
   * returns the rows of all, each with its `tenant`. One tenant that fails fails the whole: half a report reads like a whole
   * one. Written into the audit log first.
   *
   * @example
   * const counts = await tenancy.acrossTenants((sql) => sql`select count(*)::int as deals from deals`)
   * for (const { tenant, deals } of counts) console.log(tenant, deals)
   *
   * @throws {CrossTenantError} FST_TENANCY_CONTEXT_CROSS_TENANT — inside a tenant's context.
   */
  acrossTenants<R extends object = Record<string, unknown>> (query: string | ((sql: TenantSql) => PromiseLike<readonly R[]>), options?: AcrossOptions): Promise<ReadonlyArray<TenantRow<R>>>
  /**
   * Makes a schema with a view for each table name, over the tables of every tenant in the database of the registry, with
   * the tenant id in front, for the operator's role alone. Returns the names. Make them again when tenants or tables were added.
   *
   * @example
   * await tenancy.createTenantViews({ schema: 'reports' })
   * await tenancy.runWithoutTenant('monthly report', (sql) => sql`select tenant_id, count(*) from reports.deals group by 1`)
   *
   * @throws {OperatorMissingError} FST_TENANCY_OPERATOR_MISSING — `setUpDatabase` was given no `operator`.
   * @throws {ViewsFailedError} FST_TENANCY_OPERATOR_VIEWS_FAILED — `cause` says why.
   */
  createTenantViews (request: ViewsRequest): Promise<readonly string[]>
}

interface AcrossParts {
  readonly config: TenancyConfig
  readonly sql: TenantSql
  readonly runWithTenant: Tenancy['runWithTenant']
  readonly runTransaction: <T>(mode: { readonly readOnly: boolean }, fn: () => Promise<T>) => Promise<T>
}

/** Returns the work across tenants. */
export function createAcross ({ config, sql, runWithTenant, runTransaction }: AcrossParts): TenancyAcross {
  return {
    async forEachTenant (fn, options = {}) {
      const concurrency = check(fn, options.concurrency)
      const outcomes = await inParallel(await activeTenants(config, options.where), { concurrency, stopOnError: options.stopOnError ?? false },
        async (tenant) => await runWithTenant(tenant.id, async () => await fn(tenant)))
      const results = outcomes.map(({ item, ...outcome }) => ({ tenantId: item.id, ...outcome }))
      return { results, failed: results.filter((result) => 'error' in result).length }
    },
    async acrossTenants<R extends object> (query: string | ((sql: TenantSql) => PromiseLike<readonly R[]>), options: AcrossOptions = {}) {
      const ask = typeof query === 'string' ? async () => await sql.unsafe<R[]>(query) : query
      const concurrency = check(ask, options.concurrency)
      const tenants = await activeTenants(config, options.where)
      await noteAcross(config, options.actor, tenants.length)
      const outcomes = await inParallel(tenants, { concurrency, stopOnError: true }, async (tenant) => {
        const rows = await runWithTenant(tenant.id, async () => await runTransaction({ readOnly: true }, async () => await ask(sql)))
        return rows.map((row) => ({ ...row, tenant: String(tenant.id) }))
      })
      return outcomes.flatMap((outcome) => {
        if ('error' in outcome) throw outcome.error
        return outcome.value
      })
    },
    createTenantViews: async (request) => await createTenantViews(config, request)
  }
}

function check (fn: unknown, concurrency = 4): number {
  if (currentContext() !== undefined) throw new CrossTenantError()
  if (typeof fn !== 'function') throw new OptionsInvalidError('- forEachTenant(fn) and acrossTenants(fn) need a function.')
  if (!Number.isSafeInteger(concurrency) || concurrency < 1 || concurrency > 1_000) throw new OptionsInvalidError('- concurrency must be a whole number from 1 to 1000.')
  return concurrency
}

async function noteAcross (config: TenancyConfig, actor: string | undefined, tenants: number): Promise<void> {
  const entry = { action: 'acrossTenants', actor, details: { tenants } }
  if (config.operatorDatabase !== undefined) return operate(config, { ...entry, mayWrite: false, needsClient: false }, async () => {})
  await withOwner(config, (sql) => inTransaction(sql, { lock: config.timeouts.acquire }, (tx) => noteAction(tx, entry)))
}
