import { randomBytes } from 'node:crypto'
import type { Sql, TransactionSql } from 'postgres'
import { OptionsInvalidError, ProvisionFailedError } from '../../words/errors/index.ts'
import { isOwnError } from '../../words/own-error.ts'
import { TENANT_COLUMN, parseTenantId, quoteIdentifier } from '../../words/names.ts'
import { HOME, type TenancyConfig } from '../../settings/config/index.ts'
import type { IsolationStrategyName, Tenant } from '../../words/types.ts'
import { settingsOf, strategyOf } from '../../data/isolation/index.ts'
import { hasCitus, inTransaction, withOwner } from '../../data/owner/index.ts'
import { type Migrations, announcedIfUsed, lockFor, readMigrations, updateSchema } from '../migrations/index.ts'
import { isRecord, roleAt, unknownNames } from '../roles/index.ts'
import { readDeployment } from './deployment.ts'
import { ensureSchema } from './schema.ts'
import { SPARES_TABLE, fingerprintOf } from './spare.ts'

/** How many schemas are to be ready. */
export interface SparesRequest {
  /** 0 to 1,000. */
  readonly count: number
  /** `schema` or `schema+rls`. Default: the option `isolation`. */
  readonly isolation?: IsolationStrategyName
}

/**
 * Makes schemas ahead, until `count` are ready, and returns how many were made. `provision` gives one to the next new
 * tenant by renaming it, which takes milliseconds whatever the migrations do. Those that were made from other migrations
 * than the present ones are dropped. Only for tenants in the database of the registry.
 *
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — the request cannot be used.
 * @throws {ProvisionFailedError} FST_TENANCY_PROVISION_FAILED — `cause` says why; those that are ready stay.
 */
export async function prepareSpares (config: TenancyConfig, request: SparesRequest): Promise<number> {
  const { count, isolation } = checkSpares(config, request)
  const migrations = config.migrations === undefined ? undefined : await readMigrations(config.migrations, config)
  return withOwner(config, async (sql) => {
    if (await hasCitus(sql)) throw new OptionsInvalidError('- on Citus schemas are not made ahead: leave spares out.')
    try {
      const missing = count - await readySpares(sql, config, isolation, migrations)
      for (let made = 0; made < missing; made++) await makeSpare(sql, config, isolation, migrations)
      return Math.max(0, missing)
    } catch (cause) {
      throw isOwnError(cause) ? cause : new ProvisionFailedError({ cause })
    }
  })
}

function checkSpares (config: TenancyConfig, request: SparesRequest): Required<SparesRequest> {
  const { count, isolation = config.isolation } = isRecord(request) ? request : { count: -1 }
  const problems = isRecord(request) ? unknownNames('', request, ['count', 'isolation']) : []
  if (!Number.isSafeInteger(count) || count < 0 || count > 1_000) problems.push('count must be a whole number from 0 to 1000.')
  if (isolation !== 'schema' && isolation !== 'schema+rls') problems.push('isolation must be "schema" or "schema+rls": what is shared needs no spares, and databases are not made ahead.')
  if (problems.length > 0) throw new OptionsInvalidError(problems.map((problem) => `- ${problem}`).join('\n'))
  return { count, isolation }
}

/** Drops what is outdated, and returns how many are left. */
async function readySpares (sql: Sql, config: TenancyConfig, isolation: IsolationStrategyName, migrations: Migrations | undefined): Promise<number> {
  const limits = { lock: config.timeouts.acquire }
  const fingerprint = await inTransaction(sql, limits, (tx) => fingerprintOf(tx, config, migrations))
  const rows = await sql.unsafe(`select schema, fingerprint from ${SPARES_TABLE} where strategy = $1`, [isolation])
  const outdated = rows.filter((row) => row['fingerprint'] !== fingerprint)
  for (const row of outdated) {
    const schema = String(row['schema'])
    await inTransaction(sql, limits, async (tx) => {
      const gone = await tx.unsafe(`delete from ${SPARES_TABLE} where schema = $1`, [schema])
      if (gone.count > 0) await tx.unsafe(`drop schema if exists ${quoteIdentifier(schema)} cascade`)
    })
  }
  return rows.length - outdated.length
}

async function makeSpare (sql: Sql, config: TenancyConfig, isolation: IsolationStrategyName, migrations: Migrations | undefined): Promise<void> {
  const id = parseTenantId(`spare-${randomBytes(16).toString('hex')}`)
  const strategy = strategyOf(isolation)
  const schema = strategy.schemaOf(id, config)
  const tenant: Tenant = { ...HOME, id, name: id, status: 'provisioning', isolation, schema, migration: '', isMoving: false, createdAt: new Date() }
  await announcedIfUsed(config, (isAnnounced) => inTransaction(sql, { lock: config.timeouts.acquire }, async (tx) => {
    await lockFor(tx, 'schema', schema)
    await ensureSchema(tx, { schema, strategy, tenantId: id, deployment: await readDeployment(tx), isKnown: false })
    await updateSchema(tx, { strategy, settings: settingsOf(tenant, config.extensionsSchema), tenantIds: [id], appRole: roleAt(config, HOME), migrations, extensionsSchema: config.extensionsSchema, isAnnounced })
    await assertEmpty(tx, schema)
    await tx.unsafe(`insert into ${SPARES_TABLE} (schema, strategy, fingerprint) values ($1, $2, $3)`, [schema, isolation, await fingerprintOf(tx, config, migrations)])
  }))
}

/** Rows that a migration writes have the id of the tenant whose they are, and nobody knows it yet. */
async function assertEmpty (tx: TransactionSql, schema: string): Promise<void> {
  const tables = await tx`
    select c.relname as name from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = ${TENANT_COLUMN} and not a.attisdropped
    where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = ${schema}) and c.relkind = 'r'`
  for (const row of tables) {
    const [found] = await tx.unsafe(`select 1 from ${quoteIdentifier(schema)}.${quoteIdentifier(String(row['name']))} limit 1`)
    if (found !== undefined) throw new Error('a migration writes rows with a tenant id, which a spare does not have yet: tenants with such migrations are made when they come')
  }
}
