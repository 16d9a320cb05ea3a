import type { TransactionSql } from 'postgres'
import { quoteIdentifier } from '../../words/names.ts'
import type { TenantSettings } from '../../words/types.ts'
import { strategyOf } from '../../data/isolation/index.ts'
import { applyPolicies, markReferenceTables, tableNames } from '../policies/index.ts'
import type { Migrations } from './files.ts'
import { assertAnnounced } from './announce.ts'
import { pendingMigrations } from './ledger.ts'
import { lockFor } from './lock.ts'
import { applySettings, runMigrations } from './run.ts'

/** Where shared migrations are to run. */
export interface SharedUpdate {
  readonly migrations: Migrations
  readonly extensionsSchema: string
  readonly appRole: string
  /** Whether the database is one tenant's own: the shared schema is that tenant's there, without policies. */
  readonly isOwnDatabase: boolean
  /** Whether every process knows that tables may change, or none will see it. */
  readonly isAnnounced: boolean
}

/**
 * Runs the shared migrations that this database has not had, in the shared schema and without a tenant.
 *
 * Tables that they make without a tenant column are there for every tenant: the application's role reads them and changes
 * none of them; the others get their policies like every shared table.
 */
export async function updateShared (tx: TransactionSql, update: SharedUpdate): Promise<void> {
  const { migrations: { shared, sharedSchema }, extensionsSchema, appRole, isOwnDatabase } = update
  // Another ledger than that of the tenants whose rows are in this schema.
  const ledger = sharedLedger(sharedSchema)
  if ((await pendingMigrations(tx, ledger, shared)).length === 0) return
  await lockFor(tx, 'schema', ledger)
  const pending = await pendingMigrations(tx, ledger, shared)
  assertAnnounced(update.isAnnounced, pending, shared)
  const before = await tableNames(tx, sharedSchema)
  const settings: TenantSettings = { searchPath: `${[sharedSchema, extensionsSchema].map(quoteIdentifier).join(', ')}, pg_temp`, schema: sharedSchema, tenantId: '' }
  await applySettings(tx, settings)
  await runMigrations(tx, settings, pending, ledger)
  await markReferenceTables(tx, sharedSchema, before)
  const strategy = strategyOf(isOwnDatabase ? 'database' : 'rls')
  await applyPolicies(tx, { schema: sharedSchema, strategy, appRole, tenantIds: [] })
}

/** The name that the ledger has shared migrations under. */
export function sharedLedger (sharedSchema: string): string {
  return `${sharedSchema}/shared`
}
