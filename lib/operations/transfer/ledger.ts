import type { TransactionSql } from 'postgres'
import { CONTROL_SCHEMA, quoteIdentifier } from '../../words/names.ts'

/** Returns the migrations that a schema has had, in their order. */
export async function readLedger (tx: TransactionSql, schema: string): Promise<{ readonly name: string, readonly checksum: string }[]> {
  const rows = await tx.unsafe(`select name, checksum from ${quoteIdentifier(CONTROL_SCHEMA)}.migrations where schema = $1 order by name collate "C"`, [schema])
  return rows.map(({ name, checksum }) => ({ name: String(name), checksum: String(checksum) }))
}
