import postgres from 'postgres'
import type { TransactionSql } from 'postgres'
import { MigrationLockedError } from '../../words/errors.ts'
import type { TenantId, TenantSettings } from '../../words/types.ts'
import { takeLock } from '../../data/owner/index.ts'
import type { IsolationStrategy } from '../../data/isolation/index.ts'
import { applyPolicies, liftForce } from '../policies/index.ts'
import type { Migration } from './files.ts'
import { pendingMigrations } from './ledger.ts'
import { applySettings, runMigrations } from './run.ts'

/** A schema that is to be brought up to date. */
export interface SchemaUpdate {
  readonly strategy: IsolationStrategy
  /** The settings that its migrations run with. */
  readonly settings: TenantSettings
  /** The tenants whose rows are in it. */
  readonly tenantIds: readonly TenantId[]
  readonly appRole: string
  /** Undefined leaves the migrations as they are: this process has no folder of them. */
  readonly migrations: readonly Migration[] | undefined
}

const LOCK_NOT_AVAILABLE = '55P03'

/**
 * Takes the lock of a tenant id or of a schema until the transaction ends.
 *
 * @throws {MigrationLockedError} FST_TENANCY_MIGRATION_LOCKED — somebody else has it for too long.
 */
export async function lockFor (tx: TransactionSql, kind: 'tenant' | 'schema', name: string): Promise<void> {
  try {
    await takeLock(tx, `${kind}.${name}`)
  } catch (cause) {
    if (cause instanceof postgres.PostgresError && cause.code === LOCK_NOT_AVAILABLE) throw new MigrationLockedError({ cause })
    throw cause
  }
}

/**
 * Brings a locked schema up to date: the migrations that it has not had, then policies and grants. Returns the names
 * of the migrations. All of it is the caller's transaction.
 *
 * Migrations of a schema of the tenant's own run as that tenant, and policies let them see its rows. Those of the
 * shared schema run once, without a tenant, and see the rows of all: an UPDATE would otherwise reach one tenant only.
 */
export async function updateSchema (tx: TransactionSql, update: SchemaUpdate): Promise<readonly string[]> {
  const { strategy, settings, tenantIds, appRole } = update
  const pending = update.migrations === undefined ? [] : await pendingMigrations(tx, settings.schema, update.migrations)
  const own: TenantSettings = strategy.hasOwnSchema ? settings : { ...settings, tenantId: '' }
  await applySettings(tx, own)
  if (pending.length > 0 && !strategy.hasOwnSchema) await liftForce(tx, settings.schema)
  const applied = await runMigrations(tx, own, pending)
  await applyPolicies(tx, { schema: settings.schema, strategy, appRole, tenantIds })
  return applied
}
