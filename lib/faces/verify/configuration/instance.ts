import postgres, { type Sql } from 'postgres'
import { withOperator, withOwner, withShortClient } from '../../../data/owner/index.ts'
import { TENANTS_TABLE } from '../../../data/registry/index.ts'
import { INSTANCE_SQL } from '../../../operations/roles/index.ts'
import type { TenancyConfig } from '../../../settings/config/index.ts'
import { CONTROL_SCHEMA } from '../../../words/names.ts'
import { type Verdict, finding } from '../proof.ts'
import { readRegistered } from '../registered.ts'

/** What says that a set-up is older than the mark, or that there is none. */
const NO_TABLE = new Set(['42P01', '3F000', '42501'])

/** Looks whether the database has the mark of this instance. Changes nothing: the first start leaves the mark. */
export async function checkMark (config: TenancyConfig): Promise<Verdict> {
  if (config.mode === 'multi') return { skipped: 'many tenants share one deployment in multi mode: what tells databases apart is the mark of each place' }
  const marked = await asApplication(config, async (sql) => {
    const [row] = await sql.unsafe(INSTANCE_SQL)
    return row === undefined ? null : String(row['tenant'])
  }).catch((error: unknown) => {
    if (error instanceof postgres.PostgresError && NO_TABLE.has(error.code)) return undefined
    throw error
  })
  if (marked === undefined) return { findings: [finding('instance-without-mark', CONTROL_SCHEMA, 'The database has no place for the mark of its instance: one with another TENANT_ID could serve it too.', '-- run setUpDatabase() of this version again, or "zakops-tenancy init --yes"')] }
  if (marked === null) return { findings: [finding('instance-unmarked', CONTROL_SCHEMA, 'No instance has marked the database yet: the first one that starts does.', `-- start the service once, or run "zakops-tenancy claim ${config.tenantId}"`, 'warning')] }
  if (marked === config.tenantId) return { ok: `the database is marked as that of TENANT_ID ${config.tenantId}, and refuses every other` }
  return { findings: [finding('instance-mismatch', 'TENANT_ID', 'The database belongs to an instance with another TENANT_ID.', `-- correct TENANT_ID or DATABASE_URL; if the change is meant: zakops-tenancy claim ${config.tenantId}`)] }
}

/** Looks whether the registry has this tenant. A default that was never changed shows where there are others. */
export async function checkTenant (config: TenancyConfig): Promise<Verdict> {
  if (config.mode === 'multi') return { skipped: 'the token says which tenant, not TENANT_ID' }
  const { tenantId } = config
  const isThere = (await readRegistered(config, tenantId))?.status === 'active'
  const others = await countOthers(config)
  if (isThere) return { ok: `${tenantId} is active${others === undefined ? '' : `, beside ${others} others`}` }
  const isForgotten = tenantId === 'default' && others !== undefined && others > 0
  return {
    findings: [finding(isForgotten ? 'tenant-id-default' : 'tenant-unknown', 'TENANT_ID', isForgotten
      ? `TENANT_ID was left at "default", and the database holds ${others} other tenants.`
      : 'The registry of this database has no active tenant with this TENANT_ID.', '-- correct TENANT_ID or DATABASE_URL, or provision the tenant')]
  }
}

/** How many other tenants there are, if somebody may look. */
async function countOthers (config: TenancyConfig): Promise<number | undefined> {
  const count = async (sql: Sql): Promise<number> => Number((await sql.unsafe(`select count(*)::int as others from ${TENANTS_TABLE} where id <> $1 and status <> 'deleted'`, [config.tenantId]))[0]?.['others'])
  if (config.ownerDatabase !== undefined) return await withOwner(config, count)
  return config.operatorDatabase === undefined ? undefined : await withOperator(config, count)
}

async function asApplication<T> (config: TenancyConfig, fn: (sql: Sql) => Promise<T>): Promise<T> {
  return await withShortClient(config.database, { connectTimeout: config.timeouts.connect, applicationName: 'zakops-tenancy verify' }, fn)
}
