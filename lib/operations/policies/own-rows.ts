import type { TransactionSql } from 'postgres'
import { TENANT_COLUMN, quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import type { TenantId } from '../../words/types.ts'
import type { TenantTable } from './column.ts'

/** The check that a table in a schema of one tenant holds that tenant's rows alone. */
export const OWN_ROWS_CHECK = 'tenancy_tenant'

/**
 * Lets the tables of a schema of one tenant hold no other's rows.
 *
 * The policy alone would let another tenant, sent here by a wrong path, write rows with its own id: nobody would see
 * them, but they would take up keys and tell by it which ones are taken.
 */
export async function claimTables (tx: TransactionSql, tables: readonly TenantTable[], [owner]: readonly TenantId[]): Promise<void> {
  if (owner === undefined) return
  for (const table of tables) {
    // Partitions and children have the checks of their parents.
    if (table.isChild || await hasCheck(tx, table.quoted)) continue
    await tx.unsafe(`alter table ${table.quoted} add constraint ${OWN_ROWS_CHECK} check (${quoteIdentifier(TENANT_COLUMN)} = ${quoteLiteral(owner)})`)
  }
}

async function hasCheck (tx: TransactionSql, table: string): Promise<boolean> {
  const rows = await tx.unsafe(`
    select from pg_catalog.pg_constraint
    where conrelid = ${quoteLiteral(table)}::regclass and contype = 'c' and convalidated and conname = '${OWN_ROWS_CHECK}'`)
  return rows.count > 0
}
