import type { TransactionSql } from 'postgres'
import { SchemaMissingError } from '../../words/errors/index.ts'
import type { Tenant, TenantId } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { inTransaction, noteAction, withOwner } from '../../data/owner/index.ts'
import { settingsOf, strategyOf } from '../../data/isolation/index.ts'
import { TENANTS_TABLE } from '../../data/registry/index.ts'
import { revokeOnSchema } from '../policies/index.ts'
import { announcedIfUsed, lockFor, readMigrations, updateSchema } from '../migrations/index.ts'
import { roleAt } from '../roles/index.ts'
import { isDatabaseMissing } from './drop-database.ts'
import { type LifecycleOptions, changeTenant, finished, isHome, setStatus } from './job.ts'
import { targetOf, wrongTransition } from './transitions.ts'

/**
 * Archives a tenant: it is not served, and the application's role loses every right on the schema that the tenant has for
 * itself. The rows stay. Under `rls` the tables are everybody's, so there the status in the registry is the only line.
 *
 * The SQL sent: update zakops_tenancy.tenants set status = 'archived' …; revoke all on schema "tenant_acme" from …;
 * revoke all on all tables in schema "tenant_acme" from …
 *
 * @throws {TenantUnknownError} FST_TENANCY_TENANT_UNKNOWN, {@link TenantTransitionError} FST_TENANCY_LIFECYCLE_TRANSITION
 * @throws {LifecycleFailedError} FST_TENANCY_LIFECYCLE_FAILED — the rights could not be taken; it is archived and can be run again.
 */
export async function archiveTenant (config: TenancyConfig, id: TenantId, { actor }: LifecycleOptions): Promise<Tenant> {
  const archived = await changeTenant(config, id, async (tx, { tenant }) => {
    const status = targetOf(tenant, 'archive')
    if (tenant.status !== status) await noteAction(tx, { action: 'archive', tenantId: id, actor, details: { from: tenant.status } })
    if (isHome(tenant)) await takeRights(tx, config, tenant)
    return setStatus(tx, config, id, status)
  })
  await takeRightsThere(config, archived)
  return archived
}

/** Takes the rights in another database than the registry's: run again where it was interrupted. */
export async function takeRightsThere (config: TenancyConfig, tenant: Tenant): Promise<void> {
  if (isHome(tenant)) return
  await atPlace(config, tenant, (tx) => takeRights(tx, config, tenant)).catch((error: unknown) => {
    // A deletion that was killed may have dropped it already.
    if (tenant.database === null || !isDatabaseMissing(error)) throw error
  })
}

/** Takes every right of the application's role on a schema that is the tenant's alone. */
export async function takeRights (tx: TransactionSql, config: TenancyConfig, tenant: Tenant): Promise<void> {
  if (!strategyOf(tenant.isolation).hasOwnSchema) return
  await lockFor(tx, 'schema', tenant.schema)
  if (await hasSchema(tx, tenant)) await revokeOnSchema(tx, tenant.schema, roleAt(config, tenant))
}

/**
 * Serves an archived tenant again, with the migrations that it has missed. A deletion that was asked for is taken back,
 * unless something was deleted already. Its rights come back before it is served.
 *
 * @throws {TenantUnknownError} FST_TENANCY_TENANT_UNKNOWN, {@link TenantTransitionError} FST_TENANCY_LIFECYCLE_TRANSITION
 * @throws {SchemaMissingError} FST_TENANCY_SCHEMA_MISSING — its schema is not there any more.
 */
export async function restoreTenant (config: TenancyConfig, id: TenantId, { actor }: LifecycleOptions): Promise<Tenant> {
  const before = await changeTenant(config, id, async (_tx, { tenant, isBeingDeleted }) => {
    if (isBeingDeleted) throw wrongTransition('deleted', 'restore')
    targetOf(tenant, 'restore')
    return tenant
  })
  if (before.status === 'active') return before
  const migrations = config.migrations === undefined ? undefined : await readMigrations(config.migrations, config)
  await finished(announcedIfUsed(config, (isAnnounced) => atPlace(config, before, async (tx) => {
    await lockFor(tx, 'schema', before.schema)
    if (!await hasSchema(tx, before)) throw new SchemaMissingError()
    const update = { strategy: strategyOf(before.isolation), settings: settingsOf(before, config.extensionsSchema), tenantIds: [id] }
    await updateSchema(tx, { ...update, appRole: roleAt(config, before), migrations, extensionsSchema: config.extensionsSchema, isAnnounced })
  })))
  return changeTenant(config, id, async (tx, { tenant, isBeingDeleted }) => {
    // In the meantime somebody may have begun to delete it.
    if (isBeingDeleted) throw wrongTransition('deleted', 'restore')
    const status = targetOf(tenant, 'restore')
    await noteAction(tx, { action: 'restore', tenantId: id, actor })
    await tx.unsafe(`update ${TENANTS_TABLE} set delete_after = null, migration = $2 where id = $1`, [id, migrations?.tenant.at(-1)?.name ?? tenant.migration])
    return setStatus(tx, config, id, status)
  })
}

/** A transaction of the owner where the tenant's tables are. */
export async function atPlace<T> (config: TenancyConfig, tenant: Tenant, fn: (tx: TransactionSql) => Promise<T>): Promise<T> {
  return withOwner(config, (sql) => inTransaction(sql, { lock: config.timeouts.acquire }, fn), tenant)
}

async function hasSchema (tx: TransactionSql, { schema }: Tenant): Promise<boolean> {
  const rows = await tx`select 1 from pg_catalog.pg_namespace where nspname = ${schema}`
  return rows.length > 0
}
