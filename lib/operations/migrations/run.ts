import type { TransactionSql } from 'postgres'
import { MigrationFailedError } from '../../words/errors/index.ts'
import { TENANT_SETTING } from '../../words/names.ts'
import type { TenantSettings } from '../../words/types.ts'
import { applyCitusSettings, isCitus } from '../../data/owner/index.ts'
import type { Migration } from './files.ts'
import { recordMigration } from './ledger.ts'

/**
 * Runs migrations in their order in the transaction `tx`, each noted in the ledger, and returns their names.
 *
 * Every statement is sent by itself and by the extended protocol, in which the server refuses a text that holds two: so
 * what this package took for one statement is one. The transaction is asked for its id after each file all the same.
 *
 * @throws {MigrationFailedError} FST_TENANCY_MIGRATION_FAILED — `cause` is what the server said.
 */
export async function runMigrations (tx: TransactionSql, settings: TenantSettings, migrations: readonly Migration[], ledger = settings.schema): Promise<readonly string[]> {
  const transaction = await transactionId(tx)
  for (const migration of migrations) {
    try {
      for (const statement of migration.statements) await send(tx, statement)
      await migration.run?.(tx)
      if (await transactionId(tx) !== transaction) throw new Error('the file left its transaction')
      // A file may have changed them for its own use.
      await applySettings(tx, settings)
      await recordMigration(tx, ledger, migration)
    } catch (cause) {
      throw new MigrationFailedError(migration.name, { cause })
    }
  }
  return migrations.map(({ name }) => name)
}

/** Sets the tenant settings until the transaction ends. */
export async function applySettings (tx: TransactionSql, settings: TenantSettings): Promise<void> {
  if (isCitus(tx)) return applyCitusSettings(tx, settings)
  await tx`
    select pg_catalog.set_config('search_path', ${settings.searchPath}, true),
      pg_catalog.set_config(${TENANT_SETTING}, ${settings.tenantId}, true)`
}

// Without it the driver sends a text that has no parameters by the simple protocol, which takes many statements.
const EXTENDED_PROTOCOL = { prepare: false, simple: false }

async function send (tx: TransactionSql, statement: string): Promise<void> {
  await tx.unsafe(statement, [], EXTENDED_PROTOCOL)
}

async function transactionId (tx: TransactionSql): Promise<string> {
  const [row] = await tx`select pg_catalog.pg_current_xact_id()::text as id`
  return String(row?.['id'])
}
