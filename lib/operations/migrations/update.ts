import type { TransactionSql } from 'postgres'
import type { TenantId, TenantSettings } from '../../words/types.ts'
import type { IsolationStrategy } from '../../data/isolation/index.ts'
import { applyPolicies, liftForce } from '../policies/index.ts'
import type { Migrations } from './files.ts'
import { assertAnnounced } from './announce.ts'
import { pendingMigrations } from './ledger.ts'
import { applySettings, runMigrations } from './run.ts'
import { updateShared } from './shared.ts'

/** A schema that is to be brought up to date. */
export interface SchemaUpdate {
  readonly strategy: IsolationStrategy
  /** The settings that its migrations run with. */
  readonly settings: TenantSettings
  /** The tenants whose rows are in it. */
  readonly tenantIds: readonly TenantId[]
  readonly appRole: string
  /** Undefined leaves the migrations as they are: this process has no folder of them. */
  readonly migrations: Migrations | undefined
  readonly extensionsSchema: string
  /** Whether every process knows that tables may change, or none will see it. */
  readonly isAnnounced: boolean
}

/**
 * Brings a locked schema up to date: the shared migrations that its database has not had, the tenant migrations that it has
 * not had itself, then policies and grants. Returns the names of the tenant migrations. All of it is the caller's transaction.
 *
 * Migrations of a schema of the tenant's own run as that tenant, and policies let them see its rows. Those of the
 * shared schema run once, without a tenant, and see the rows of all: an UPDATE would otherwise reach one tenant only.
 */
export async function updateSchema (tx: TransactionSql, update: SchemaUpdate): Promise<readonly string[]> {
  const { strategy, settings, tenantIds, appRole } = update
  if (update.migrations !== undefined) await updateShared(tx, { ...update, migrations: update.migrations, isOwnDatabase: strategy.name === 'database' })
  const pending = update.migrations === undefined ? [] : await pendingMigrations(tx, settings.schema, update.migrations.tenant)
  assertAnnounced(update.isAnnounced, pending, update.migrations?.tenant ?? [])
  const own: TenantSettings = strategy.hasOwnSchema ? settings : { ...settings, tenantId: '' }
  await applySettings(tx, own)
  if (pending.length > 0 && !strategy.hasOwnSchema) await liftForce(tx, settings.schema)
  const applied = await runMigrations(tx, own, pending)
  await applyPolicies(tx, { schema: settings.schema, strategy, appRole, tenantIds })
  return applied
}
