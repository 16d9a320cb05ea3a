import type { Sql } from 'postgres'
import { SchemaMissingError } from '../../words/errors.ts'
import type { Tenant, TenantId } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { settingsOf, strategyOf } from '../../data/isolation/index.ts'
import { inTransaction, withOwner } from '../../data/owner/index.ts'
import { createOwnerRegistry } from '../../data/registry/index.ts'
import { roleOf } from '../roles/index.ts'
import { type Migration, readMigrations } from './files.ts'
import { lockFor, updateSchema } from './update.ts'

/** What happened to one tenant. */
export interface TenantMigration {
  readonly tenantId: TenantId
  /** The migrations that were applied now. Tenants of the shared schema all show what was applied there. */
  readonly applied: readonly string[]
  /** Why it was left as it was. */
  readonly error?: Error
}

/** What happened to each tenant, in the order of their ids. */
export interface MigrationReport {
  readonly results: readonly TenantMigration[]
  /** How many of them failed: a deployment goes on when it is 0. */
  readonly failed: number
}

/** The tenants of one schema: one, or all that share it. */
type SchemaTenants = readonly [Tenant, ...Tenant[]]

/**
 * Runs the migrations that each tenant has not had, and brings its policies and grants up to date.
 *
 * Each schema is one transaction. A tenant whose transaction fails keeps what it had and is reported with its error,
 * and the others go on. Suspended tenants are migrated too.
 *
 * @throws {MigrationRefusedError} FST_TENANCY_MIGRATION_REFUSED — a file cannot be used; no tenant was touched.
 * @throws {OwnerMissingError} FST_TENANCY_PROVISION_OWNER_MISSING — there is no `ownerDatabase`.
 * @throws {OwnerWrongError} FST_TENANCY_PROVISION_OWNER_WRONG — `ownerDatabase` is another role than the owner.
 * @throws {NotSetUpError} FST_TENANCY_PROVISION_NOT_SET_UP — the database was not prepared with `setUpDatabase`.
 * @throws {DatabaseUnreachableError} FST_TENANCY_DATABASE_UNREACHABLE — no connection.
 */
export async function migrateTenants (config: TenancyConfig): Promise<MigrationReport> {
  const migrations = config.migrations === undefined ? undefined : await readMigrations(config.migrations, config)
  const tenants = await tenantsOf(config)
  const results: TenantMigration[] = []
  await withOwner(config, async (sql) => {
    for (const group of bySchema(tenants)) results.push(...await migrateSchema(config, sql, group, migrations))
  })
  return {
    results: results.sort((a, b) => (a.tenantId < b.tenantId ? -1 : 1)),
    failed: results.filter(({ error }) => error !== undefined).length
  }
}

/** In single mode the one tenant is what the settings say; there may be no registry. */
async function tenantsOf (config: TenancyConfig): Promise<readonly Tenant[]> {
  if (config.mode === 'multi') return createOwnerRegistry(config).list()
  const { tenantId: id, isolation } = config
  const schema = strategyOf(isolation).schemaOf(id, config)
  return [{ id, name: id, status: 'active', isolation, schema, createdAt: new Date() }]
}

function bySchema (tenants: readonly Tenant[]): Iterable<SchemaTenants> {
  const groups = new Map<string, [Tenant, ...Tenant[]]>()
  for (const tenant of tenants) {
    const group = groups.get(tenant.schema)
    if (group === undefined) groups.set(tenant.schema, [tenant])
    else group.push(tenant)
  }
  return groups.values()
}

async function migrateSchema (config: TenancyConfig, sql: Sql, tenants: SchemaTenants, migrations: readonly Migration[] | undefined): Promise<readonly TenantMigration[]> {
  const tenantIds = tenants.map(({ id }) => id)
  const settings = settingsOf(tenants[0], config.extensionsSchema)
  const strategy = strategyOf(tenants[0].isolation)
  try {
    const applied = await inTransaction(sql, { lock: config.timeouts.acquire }, async (tx) => {
      await lockFor(tx, 'schema', settings.schema)
      const [found] = await tx`select 1 from pg_catalog.pg_namespace where nspname = ${settings.schema}`
      if (found === undefined) throw new SchemaMissingError()
      return updateSchema(tx, { strategy, settings, tenantIds, appRole: roleOf(config.database), migrations })
    })
    return tenantIds.map((tenantId) => ({ tenantId, applied }))
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error('the migration failed', { cause })
    return tenantIds.map((tenantId) => ({ tenantId, applied: [], error }))
  }
}
