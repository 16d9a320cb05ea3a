import type { TransactionSql } from 'postgres'
import { MigrationChangedError, MigrationRefusedError } from '../../words/errors/index.ts'
import { CONTROL_SCHEMA, quoteIdentifier } from '../../words/names.ts'
import type { Migration } from './files.ts'

const LEDGER = `${quoteIdentifier(CONTROL_SCHEMA)}.migrations`

/**
 * Returns the migrations that a schema has not had yet.
 *
 * @throws {MigrationChangedError} FST_TENANCY_MIGRATION_CHANGED — one that it had is another now, or gone.
 * @throws {MigrationRefusedError} FST_TENANCY_MIGRATION_REFUSED — a new one sorts before one that it had: tenants made
 * later would get them in another order.
 */
export async function pendingMigrations (tx: TransactionSql, schema: string, migrations: readonly Migration[]): Promise<readonly Migration[]> {
  const rows = await tx.unsafe(`select name, checksum from ${LEDGER} where schema = $1 order by name collate "C"`, [schema])
  const applied = new Map(rows.map((row) => [String(row['name']), String(row['checksum'])]))
  const checksums = new Map(migrations.map(({ name, checksum }) => [name, checksum]))
  for (const [name, checksum] of applied) {
    if (checksums.get(name) !== checksum) throw new MigrationChangedError(name)
  }
  const pending = migrations.slice(applied.size)
  const isOutOfOrder = migrations.slice(0, applied.size).find(({ name }) => !applied.has(name))
  if (isOutOfOrder !== undefined) {
    throw new MigrationRefusedError(isOutOfOrder.name, 'it sorts before one that was applied already: give it a higher number.')
  }
  return pending
}

/** Notes that a schema has had a migration. */
export async function recordMigration (tx: TransactionSql, schema: string, { name, checksum }: Migration): Promise<void> {
  await tx.unsafe(`insert into ${LEDGER} (schema, name, checksum, applied_at) values ($1, $2, $3, now())`, [schema, name, checksum])
}

/** Forgets what a schema has had: it was dropped, and a new one begins empty. */
export async function clearLedger (tx: TransactionSql, schema: string): Promise<void> {
  await tx.unsafe(`delete from ${LEDGER} where schema = $1`, [schema])
}

/** A schema has another name: what it has had goes with it. */
export async function renameLedger (tx: TransactionSql, from: string, to: string): Promise<void> {
  await clearLedger(tx, to)
  await tx.unsafe(`update ${LEDGER} set schema = $2 where schema = $1`, [from, to])
}
