import type { TransactionSql } from 'postgres'
import { ProvisionFailedError, TenantExistsError, TenantLetterCaseError } from '../../words/errors.ts'
import type { Tenant } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { settingsOf, strategyOf } from '../../data/isolation/index.ts'
import { inTransaction, withOwner } from '../../data/owner/index.ts'
import { type Migration, lockFor, readMigrations, updateSchema } from '../migrations/index.ts'
import { roleOf } from '../roles/index.ts'
import { type CheckedRequest, type ProvisionRequest, checkRequest } from './request.ts'
import { findTenant, insertTenant, refreshTenant } from './row.ts'
import { ensureSchema } from './schema.ts'

/**
 * Makes a tenant: its schema, migrations, policies, grants and its row in the registry, active from then on.
 *
 * One transaction: all of it is there afterwards or nothing is. Run again, it brings migrations and policies up to
 * date and returns the tenant; a suspended one stays suspended, and a name that is given replaces the old one.
 *
 * @example
 * await app.tenancy.provision({ id: 'acme', name: 'Acme Corporation' })
 *
 * The SQL sent, as the role of `ownerDatabase`:
 *   begin; set local lock_timeout = …; select pg_advisory_xact_lock(…); create schema "tenant_acme";
 *   select set_config('search_path', $1, true), set_config('app.tenant_id', $2, true);
 *   …each migration file; …policies and grants; insert into zakops_tenancy.tenants …; commit
 *
 * @throws {TenantIdInvalidError} FST_TENANCY_TENANT_ID_INVALID — the id has other characters or lengths.
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — the request cannot be used; the message lists every problem.
 * @throws {TenantExistsError} FST_TENANCY_TENANT_EXISTS — it exists with another strategy.
 * @throws {TenantLetterCaseError} FST_TENANCY_TENANT_LETTER_CASE — it exists with other letter case.
 * @throws {MigrationFailedError} FST_TENANCY_MIGRATION_FAILED, MigrationRefusedError, MigrationChangedError and
 * MigrationLockedError — as their names say.
 * @throws {PolicyColumnError} FST_TENANCY_POLICY_COLUMN_MISSING — a table has no usable tenant column.
 * @throws {OwnerMissingError} FST_TENANCY_PROVISION_OWNER_MISSING — there is no `ownerDatabase`.
 * @throws {OwnerWrongError} FST_TENANCY_PROVISION_OWNER_WRONG — `ownerDatabase` is another role than the owner.
 * @throws {NotSetUpError} FST_TENANCY_PROVISION_NOT_SET_UP — the database was not prepared with `setUpDatabase`.
 * @throws {ProvisionFailedError} FST_TENANCY_PROVISION_FAILED — anything else; `cause` says what.
 */
export async function provision (config: TenancyConfig, request: ProvisionRequest): Promise<Tenant> {
  const checked = checkRequest(request)
  const migrations = config.migrations === undefined ? undefined : await readMigrations(config.migrations, config)
  return withOwner(config, async (sql) => {
    try {
      return await inTransaction(sql, { lock: config.timeouts.acquire }, (tx) => provisionIn(tx, config, checked, migrations))
    } catch (cause) {
      throw isOurs(cause) ? cause : new ProvisionFailedError({ cause })
    }
  })
}

async function provisionIn (tx: TransactionSql, config: TenancyConfig, request: CheckedRequest, migrations: readonly Migration[] | undefined): Promise<Tenant> {
  const { id, name } = request
  // Two ids that differ in letter case have two schemas, so the schema's lock would not keep them apart.
  await lockFor(tx, 'tenant', id.toLowerCase())
  const existing = await findTenant(tx, id, config)
  const isolation = request.isolation ?? existing?.isolation ?? config.isolation
  if (existing !== undefined && existing.id !== id) throw new TenantLetterCaseError()
  if (existing !== undefined && existing.isolation !== isolation) throw new TenantExistsError()
  const strategy = strategyOf(isolation)
  const schema = strategy.schemaOf(id, config)
  await lockFor(tx, 'schema', schema)
  await ensureSchema(tx, { schema, strategy, isKnown: existing !== undefined })
  const tenant = existing === undefined
    ? await insertTenant(tx, { id, name: name ?? id, isolation, schema }, config)
    : await refreshTenant(tx, existing, name, config)
  const settings = settingsOf(tenant, config.extensionsSchema)
  await updateSchema(tx, { strategy, settings, tenantIds: [id], appRole: roleOf(config.database), migrations })
  return tenant
}

function isOurs (error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('FST_TENANCY_')
}
