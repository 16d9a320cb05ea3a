import type { TransactionSql } from 'postgres'
import { sendAll } from '../../data/owner/index.ts'
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
  if (owner === undefined || tables.length === 0) return
  const checked = await readChecked(tx, tables)
  // Partitions and children have the checks of their parents.
  const statements = tables.filter((table) => !table.isChild && !checked.has(table.quoted)).map(({ quoted }) =>
    `alter table ${quoted} add constraint ${OWN_ROWS_CHECK} check (${quoteIdentifier(TENANT_COLUMN)} = ${quoteLiteral(owner)})`)
  await sendAll(tx, statements)
}

/** Returns those of the tables, quoted, that have the check. */
async function readChecked (tx: TransactionSql, tables: readonly TenantTable[]): Promise<ReadonlySet<string>> {
  const rows = await tx.unsafe(`
    select t.quoted from (values ${tables.map(({ quoted }) => `(${quoteLiteral(quoted)})`).join(', ')}) as t (quoted)
    join pg_catalog.pg_constraint k on k.conrelid = t.quoted::regclass
    where k.contype = 'c' and k.convalidated and k.conname = '${OWN_ROWS_CHECK}'`)
  return new Set(rows.map((row) => String(row['quoted'])))
}
