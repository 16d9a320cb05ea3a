import type { Sql } from 'postgres'
import { withShortClient } from '../../../data/owner/index.ts'
import { fixedTenant } from '../../../data/registry/index.ts'
import { numberOf } from '../../../operations/migrations/index.ts'
import { type DatabaseOption, type TenancyConfig, databaseAt } from '../../../settings/config/index.ts'
import { isTenantId } from '../../../words/names.ts'
import type { Tenant } from '../../../words/types.ts'
import { readRegistered } from '../../verify/index.ts'

/** How it is now. */
export interface Present {
  /** The tenant that the registry has; undefined if there is none with that id. */
  readonly tenant: Tenant | undefined
  /** What is wrong with it now; undefined where nothing is. */
  readonly problem: 'unknown' | 'inactive' | 'unreachable' | 'schema' | 'role' | 'outdated' | undefined
  /** What was looked at, for people. */
  readonly rows: Readonly<Record<string, string>>
}

/** Looks how a tenant is served now, as the application's role. What cannot be reached is said, and not thrown. */
export async function lookNow (config: TenancyConfig, tenantId: string | undefined, explain: (error: unknown) => string): Promise<Present> {
  if (!isTenantId(tenantId)) return { tenant: undefined, problem: undefined, rows: {} }
  const tenant = config.mode === 'single' ? fixedTenant(config) : await readRegistered(config, tenantId)
  if (tenant === undefined) return { tenant, problem: 'unknown', rows: { registry: 'no such tenant' } }
  const registry = `${tenant.status}, ${tenant.isolation}, on ${tenant.server}${tenant.database === null ? '' : `/${tenant.database}`}`
  const migration = migrationWords(tenant, config)
  const place = await lookAtPlace(config, tenant).catch((error: unknown) => ({ problem: 'unreachable' as const, rows: { place: `not reached: ${explain(error)}` } }))
  const problem = tenant.status !== 'active' ? 'inactive' : place.problem ?? (isOutdated(tenant, config) ? 'outdated' : undefined)
  return { tenant, problem, rows: { registry, ...place.rows, migration } }
}

async function lookAtPlace (config: TenancyConfig, tenant: Tenant): Promise<Pick<Present, 'problem' | 'rows'>> {
  const database = databaseAt(config, 'database', tenant)
  if (database === undefined) return { problem: 'unreachable', rows: { place: 'the options do not name its server' } }
  const row = await asApplication(config, database, async (sql) => (await sql`
    select current_user::text as role, (select rolsuper or rolbypassrls from pg_catalog.pg_roles where rolname = current_user) as powerful,
      (select pg_catalog.has_schema_privilege(n.oid, 'usage') from pg_catalog.pg_namespace n where n.nspname = ${tenant.schema}) as usable`)[0])
  const isPowerful = row?.['powerful'] === true
  const schema = row?.['usable'] === true ? 'there' : row?.['usable'] === false ? 'there, and the role may not use it' : 'missing'
  return {
    problem: schema !== 'there' ? 'schema' : isPowerful ? 'role' : undefined,
    rows: { place: 'reached', schema: `${tenant.schema}: ${schema}`, role: `${String(row?.['role'])}${isPowerful ? ', which sees past policies' : ''}` }
  }
}

function isOutdated ({ migration }: Tenant, { mode, minMigration }: TenancyConfig): boolean {
  return mode === 'multi' && minMigration !== undefined && numberOf(migration) < numberOf(minMigration)
}

function migrationWords (tenant: Tenant, config: TenancyConfig): string {
  const had = tenant.migration === '' ? 'none' : tenant.migration
  if (config.minMigration === undefined) return `${had}; none is required`
  return `${had}; ${config.minMigration} is required${isOutdated(tenant, config) ? ', which it lacks' : ''}`
}

async function asApplication<T> (config: TenancyConfig, database: DatabaseOption, fn: (sql: Sql) => Promise<T>): Promise<T> {
  return await withShortClient(database, { connectTimeout: config.timeouts.connect, applicationName: 'zakops-tenancy why' }, fn)
}
