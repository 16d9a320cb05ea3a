import type { TransactionSql } from 'postgres'
import { CONTROL_SCHEMA, quoteIdentifier } from '../../words/names.ts'

/**
 * Returns the role that works across tenants, as the database was set up with it; undefined where there is none, or it was
 * dropped. The database says it and not the options: whoever provisions grants it its rights, also without its password.
 */
export async function readOperator (tx: TransactionSql): Promise<string | undefined> {
  const [row] = await tx.unsafe(`
    select p.operator from ${quoteIdentifier(CONTROL_SCHEMA)}.place p join pg_catalog.pg_roles r on r.rolname = p.operator`)
  return row === undefined ? undefined : String(row['operator'])
}
