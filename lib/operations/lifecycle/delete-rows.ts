import type { TransactionSql } from 'postgres'
import { TENANT_COLUMN, TENANT_SETTING, quoteIdentifier } from '../../words/names.ts'
import type { TenantId } from '../../words/types.ts'
import { applyCitusSettings, inTransaction, isCitus } from '../../data/owner/index.ts'
import type { SchemaDrop } from './drop-schema.ts'
import { type TableGroup, sharedTables } from './shared-tables.ts'

const ROWS = 5_000
const column = quoteIdentifier(TENANT_COLUMN)

/**
 * Deletes the rows of one tenant from every shared table, in the order of their foreign keys, 5,000 in a transaction. The
 * owner is held by the policies too (FORCE), so its transactions have the tenant's settings, and another tenant's rows are
 * seen by none of them.
 */
export async function deleteRows (drop: SchemaDrop): Promise<void> {
  const groups = await sharedTables(drop.sql, drop.tenant.schema)
  // A statement that was on its way when the tenant was archived may have written behind us.
  while (await deleteOnce(drop, groups) > 0);
}

async function deleteOnce (drop: SchemaDrop, groups: readonly TableGroup[]): Promise<number> {
  let [deleted, done] = [0, 0]
  for (const group of groups) {
    for (let rows = await deleteSome(drop, group); rows > 0; rows = await deleteSome(drop, group)) {
      deleted += rows
      drop.report({ step: 'rows', done, total: groups.length })
    }
    drop.report({ step: 'rows', done: ++done, total: groups.length })
  }
  return deleted
}

async function deleteSome ({ sql, tenant, lockTimeout }: SchemaDrop, { tables, isCircular, hiding }: TableGroup): Promise<number> {
  return inTransaction(sql, { lock: lockTimeout }, async (tx) => {
    await asTenant(tx, tenant.id)
    // Only there, because it locks the table for everybody.
    for (const table of hiding) await tx.unsafe(`alter table ${table} no force row level security`)
    // The checks of foreign keys come at the end of the statement: so rows that refer to each other go in one.
    // A parameter for each table: their tenant columns may have different types.
    const parts = tables.map((table, index) => `d${index} as (delete from only ${table} where ${column} = $${index + 1} ${limitOf(table, isCircular)} returning 1)`)
    const counts = tables.map((_table, index) => `(select count(*) from d${index})`)
    const [row] = await tx.unsafe(`with ${parts.join(', ')} select (${counts.join(' + ')})::int as deleted`, tables.map(() => tenant.id))
    for (const table of hiding) await tx.unsafe(`alter table ${table} force row level security`)
    return Number(row?.['deleted'])
  })
}

/** The checks of foreign keys come at the end of a statement: so rows that refer to each other go in one. */
function limitOf (table: string, isCircular: boolean): string {
  return isCircular ? '' : `and ctid = any (array(select ctid from only ${table} where ${column} = $1 limit ${ROWS}))`
}

/** Lets the policies show the owner this tenant's rows, and no other's, until the transaction ends. */
export async function asTenant (tx: TransactionSql, tenantId: TenantId): Promise<void> {
  if (isCitus(tx)) return applyCitusSettings(tx, { searchPath: 'pg_catalog, pg_temp', schema: 'pg_catalog', tenantId })
  await tx`select pg_catalog.set_config(${TENANT_SETTING}, ${tenantId}, true)`
}
