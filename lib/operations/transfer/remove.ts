import type { Sql } from 'postgres'
import { NotSetUpError } from '../../words/errors/index.ts'
import { CONTROL_SCHEMA, TENANT_COLUMN, quoteIdentifier } from '../../words/names.ts'
import type { Tenant } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { strategyOf } from '../../data/isolation/index.ts'
import { inTransaction, withAdmin, withOwner } from '../../data/owner/index.ts'
import { clearLedger } from '../migrations/index.ts'
import { homeDeployment, whoseSchema } from '../provisioning/index.ts'
import { enterTenant } from './enter.ts'
import { readShape } from './shape.ts'
import { matchTables } from './table-copy.ts'

/** So many tables fit the lock table of a server with default settings, with their indexes. */
const TABLES_AT_ONCE = 20
const ROWS_AT_ONCE = 5_000

/** A schema that is not marked as the tenant's. */
class AnothersSchema extends Error {}

const MARK_SQL = `select tenant, deployment::text as deployment from ${quoteIdentifier(CONTROL_SCHEMA)}.place`

/**
 * Removes what a tenant has at a place: its database, its schema, or its rows in shared tables. It can be repeated, and
 * what is another's stays: a schema that is not marked as this tenant's is an error.
 */
export async function removePlace (config: TenancyConfig, tenant: Tenant): Promise<void> {
  if (tenant.database !== null) {
    await removeDatabase(config, tenant, tenant.database)
  } else if (strategyOf(tenant.isolation).hasOwnSchema) {
    await withOwner(config, (sql) => removeSchema(config, sql, tenant), tenant)
  } else {
    await withOwner(config, (sql) => removeRows(config, sql, tenant), tenant)
  }
}

/** Removes what a tenant that was never served has at a place. A schema that somebody else made was the reason to stop, and stays. */
export async function abandonPlace (config: TenancyConfig, tenant: Tenant): Promise<void> {
  await removePlace(config, tenant).catch((error: unknown) => {
    if (!(error instanceof AnothersSchema)) throw error
  })
}

/** Another deployment on the same server could have a database of the same name: only one that is marked as this tenant's goes. */
async function removeDatabase (config: TenancyConfig, tenant: Tenant, database: string): Promise<void> {
  await withAdmin(config, async (sql) => {
    if ((await sql`select from pg_catalog.pg_database where datname = ${database}`).count === 0) return
    const deployment = await homeDeployment(config)
    const [there] = await withOwner(config, (owner) => owner.unsafe(MARK_SQL), tenant).catch((error: unknown) => {
      if (error instanceof NotSetUpError) return []
      throw error
    })
    if (there?.['tenant'] !== tenant.id || there['deployment'] !== deployment) return
    await sql.unsafe(`drop database if exists ${quoteIdentifier(database)} with (force)`)
  }, { server: tenant.server, database: null })
}

async function removeSchema (config: TenancyConfig, sql: Sql, tenant: Tenant): Promise<void> {
  const { schema } = tenant
  const owner = await whoseSchema(sql, tenant, await homeDeployment(config))
  if (owner === 'nobody') return
  if (owner === 'another') throw new AnothersSchema('the schema is not marked as this tenant\'s and was left as it is')
  const limits = { lock: config.timeouts.acquire }
  const tables = await sql`
    select c.relname as name from pg_catalog.pg_class c
    where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = ${schema}) and c.relkind in ('r', 'p') and not c.relispartition`
  const names = tables.map(({ name }) => `${quoteIdentifier(schema)}.${quoteIdentifier(String(name))}`)
  for (let at = 0; at < names.length; at += TABLES_AT_ONCE) {
    await inTransaction(sql, limits, (tx) => tx.unsafe(`drop table if exists ${names.slice(at, at + TABLES_AT_ONCE).join(', ')} cascade`))
  }
  await inTransaction(sql, limits, async (tx) => {
    await tx.unsafe(`drop schema if exists ${quoteIdentifier(schema)} cascade`)
    await clearLedger(tx, schema)
  })
}

async function removeRows (config: TenancyConfig, sql: Sql, tenant: Tenant): Promise<void> {
  const limits = { lock: config.timeouts.acquire }
  // A table without a tenant column has no row of the tenant's.
  const tables = (await inTransaction(sql, limits, (tx) => readShape(tx, tenant.schema))).filter(({ columns }) => columns.some(({ name }) => name === TENANT_COLUMN))
  for (const { to } of matchTables({ tenant, tables }, { tenant, tables }).toReversed()) {
    const some = `array(select t.ctid from ${to.rows} t where ${to.isOwn} limit ${ROWS_AT_ONCE})`
    for (let count = ROWS_AT_ONCE; count > 0;) {
      count = await inTransaction(sql, limits, async (tx) => {
        await enterTenant(tx, tenant, config.extensionsSchema)
        return (await tx.unsafe(`delete from ${to.rows} t where t.ctid = any(${some}) and ${to.isOwn}`)).count
      })
    }
  }
}
