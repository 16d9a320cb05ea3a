import type { Sql, TransactionSql } from 'postgres'
import { ProvisionFailedError, TenantArchivedError, TenantExistsError, TenantIdUsedError, TenantLetterCaseError } from '../../words/errors/index.ts'
import { isOwnError } from '../../words/own-error.ts'
import type { Tenant } from '../../words/types.ts'
import { HOME, type TenancyConfig } from '../../settings/config/index.ts'
import { strategyOf } from '../../data/isolation/index.ts'
import { type SigningState, type TransactionLimits, inTransaction, isCitus, noteAction, readOperator, readSigning, withOwner } from '../../data/owner/index.ts'
import { type Migrations, announcedIfUsed, lockFor, readMigrations } from '../migrations/index.ts'
import { readDeployment } from './deployment.ts'
import { markInstance } from './instance.ts'
import { logInsFor } from './own-database.ts'
import { makePlace, makeSchema } from './place.ts'
import { isWhereWished, placeTenant } from './placement.ts'
import { type CheckedRequest, type ProvisionRequest, checkRequest } from './request.ts'
import { deleteTenant, findTenant, insertTenant, refreshTenant } from './row.ts'
import { claimSpare, fingerprintOf } from './spare.ts'

/**
 * Makes a tenant: its schema, migrations, policies, grants and its row in the registry, active from then on.
 *
 * A schema that `prepareSpares` made ahead is taken, if it was made from the same migrations.
 *
 * One transaction: all of it is there afterwards or nothing is. Run again, it brings migrations and policies up to
 * date and returns the tenant; a suspended one stays suspended, and a name that is given replaces the old one. Tables that are
 * in use are changed when every process knows of it, as `migrate` does: that takes as long as `registryCacheMs`.
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
 * @throws {TenantExistsError} FST_TENANCY_TENANT_EXISTS — it exists with another strategy, or on another server.
 * @throws {TenantLetterCaseError} FST_TENANCY_TENANT_LETTER_CASE — it exists with other letter case.
 * @throws {TenantIdUsedError} FST_TENANCY_LIFECYCLE_ID_USED — it belonged to a tenant that was deleted.
 * @throws {TenantArchivedError} FST_TENANCY_LIFECYCLE_ARCHIVED — it is archived: restore it.
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
  const job: Provisioning = { config, request: checked, migrations }
  try {
    // One log-in for all of it: where many are made, log-ins would be most of the work.
    return await withOwner(config, async (home) => {
      const tenant = await announcedIfUsed(config, (isAnnounced) => inTransaction(home, limitsOf(config), async (tx) => {
        const noted = await noteTenant(tx, job)
        // On Citus a schema is committed before it is filled, as in another database.
        return isHome(noted.tenant) && !(isCitus(tx) && strategyOf(noted.tenant.isolation).hasOwnSchema) ? await provisionHere(tx, job, noted, isAnnounced) : noted
      }))
      return 'tenant' in tenant ? await provisionThere(home, job, tenant) : tenant
    })
  } catch (cause) {
    throw isOwnError(cause) ? cause : new ProvisionFailedError({ cause })
  }
}

/** Rows for a tenant that has none. */
export interface Filling {
  /** For the audit log. */
  readonly action: 'import' | 'clone'
  /** What a new tenant is where the request does not say it. */
  readonly defaults: Omit<ProvisionRequest, 'id'>
  /** Puts the rows into the tenant's place, all or none. One that is not new has to be empty for that. */
  readonly fill: (tenant: Tenant, isNew: boolean) => Promise<void>
  /** Removes what a tenant that was never served has at its place. */
  readonly abandon: (tenant: Tenant) => Promise<void>
}

/**
 * Makes a tenant with what `fill` puts into its place before it is served. What fails leaves no tenant. One that is there
 * already, and is as the request says, is filled as it is; nobody moves, archives or deletes it meanwhile.
 *
 * @throws {TenantExistsError} FST_TENANCY_TENANT_EXISTS — it is there with another strategy, or on another server.
 */
export async function provisionFilled (config: TenancyConfig, request: ProvisionRequest, { action, defaults, fill, abandon }: Filling): Promise<Tenant> {
  const migrations = config.migrations === undefined ? undefined : await readMigrations(config.migrations, config)
  const job: Provisioning = { config, request: checkRequest(request), defaults: checkRequest({ ...defaults, id: request.id }), migrations }
  const noted = await inHome(config, async (tx) => {
    const noted = await noteTenant(tx, job)
    if (!noted.isKnown) return noted
    await noteAction(tx, { action: `${action}.fill`, tenantId: noted.tenant.id })
    await fill(noted.tenant, false)
    return await refreshTenant(tx, noted.tenant, { name: job.request.name, migration: undefined }, config)
  })
  if (!('tenant' in noted)) return noted
  try {
    await makePlace(config, { ...noted, migrations })
    await fill(noted.tenant, true)
    return await inHome(config, async (tx) => {
      await lockFor(tx, 'tenant', noted.tenant.id.toLowerCase())
      return await finish(tx, job, noted.tenant)
    })
  } catch (error) {
    await abandon(noted.tenant).then(() => inHome(config, (tx) => deleteTenant(tx, noted.tenant))).catch(() => {})
    throw error
  }
}

interface Provisioning {
  readonly config: TenancyConfig
  readonly request: CheckedRequest
  /** What a new tenant is where the request does not say it. */
  readonly defaults?: CheckedRequest
  readonly migrations: Migrations | undefined
}

/** A tenant that the registry has, and whether it was there before. */
interface Noted {
  readonly tenant: Tenant
  readonly isKnown: boolean
  readonly deployment: string
  readonly operator: string | undefined
  readonly signing: SigningState
}

/** A transaction where the registry is. */
async function inHome<T> (config: TenancyConfig, fn: (tx: TransactionSql) => Promise<T>): Promise<T> {
  return withOwner(config, (sql) => inTransaction(sql, limitsOf(config), fn))
}

function limitsOf (config: TenancyConfig): TransactionLimits {
  return { lock: config.timeouts.acquire }
}

function isHome ({ server, database }: Tenant): boolean {
  return server === HOME.server && database === HOME.database
}

/** Finds the tenant in the registry or puts it there, under the lock of its id. */
async function noteTenant (tx: TransactionSql, { config, request, defaults }: Provisioning): Promise<Noted> {
  const { id } = request
  // Two ids that differ in letter case have two schemas, so the schema's lock would not keep them apart.
  await lockFor(tx, 'tenant', id.toLowerCase())
  const home = { deployment: await readDeployment(tx), operator: await readOperator(tx), signing: await readSigning(tx) }
  const existing = await findTenant(tx, id, config)
  const isolation = request.isolation ?? existing?.isolation ?? defaults?.isolation ?? config.isolation
  if (existing?.status === 'deleted') throw new TenantIdUsedError()
  if (existing !== undefined && existing.id !== id) throw new TenantLetterCaseError()
  // Silence would let whoever asks for another place believe that the tenant is there.
  if (existing !== undefined && (existing.isolation !== isolation || !isWhereWished(config, existing.server, request.server))) throw new TenantExistsError()
  // It would get its rights back: that is what restore is for.
  if (existing?.status === 'archived') throw new TenantArchivedError()
  if (existing !== undefined) return { tenant: existing, isKnown: existing.status !== 'provisioning', ...home }
  const strategy = strategyOf(isolation)
  const server = await placeTenant(tx, config, request.server ?? defaults?.server)
  const place = { schema: strategy.schemaOf(id, config), server, database: strategy.databaseOf(id, config) }
  if (place.database !== null) logInsFor(config, place)
  return { tenant: await insertTenant(tx, { id, name: request.name ?? defaults?.name ?? id, isolation, ...place }, config), isKnown: false, ...home }
}

async function provisionHere (tx: TransactionSql, job: Provisioning, noted: Noted, isAnnounced: boolean): Promise<Tenant> {
  if (noted.isKnown || !await isMadeAhead(tx, job, noted.tenant)) await makeSchema(tx, job.config, { ...noted, migrations: job.migrations, isAnnounced })
  return finish(tx, job, noted.tenant)
}

/** Takes a schema that was made ahead from the same migrations, if there is one: nothing is left to do but its row. */
async function isMadeAhead (tx: TransactionSql, { config, migrations }: Provisioning, { id, schema, isolation }: Tenant): Promise<boolean> {
  const strategy = strategyOf(isolation)
  if (!strategy.hasOwnSchema) return false
  await lockFor(tx, 'schema', schema)
  return claimSpare(tx, { id, schema, strategy, fingerprint: await fingerprintOf(tx, config, migrations) })
}

/**
 * The place of the tenant cannot be in the registry's transaction. So the registry has the tenant first, as one that is
 * not served; what is missing in its place is made; and then it is served. Each step can be repeated.
 */
async function provisionThere (home: Sql, job: Provisioning, noted: Noted): Promise<Tenant> {
  const { config } = job
  const { tenant } = noted
  await makePlace(config, { ...noted, migrations: job.migrations })
  return inTransaction(home, limitsOf(config), async (tx) => {
    await lockFor(tx, 'tenant', tenant.id.toLowerCase())
    return finish(tx, job, tenant)
  })
}

async function finish (tx: TransactionSql, { config, request: { name }, migrations }: Provisioning, tenant: Tenant): Promise<Tenant> {
  if (tenant.status === 'provisioning') await noteAction(tx, { action: 'provision', tenantId: tenant.id, details: { isolation: tenant.isolation, server: tenant.server } })
  await markInstance(tx, config, tenant)
  return refreshTenant(tx, tenant, { name, migration: migrations?.tenant.at(-1)?.name }, config)
}
