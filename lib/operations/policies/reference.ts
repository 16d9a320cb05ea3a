import type { TransactionSql } from 'postgres'
import { isCitus, isInSchemaSql } from '../../data/owner/index.ts'
import { TENANT_COLUMN, quoteIdentifier, quoteLiteral } from '../../words/names.ts'

/** What the comment of a table ends with that a shared migration made for all tenants to read. */
const MARK = 'zakops-tenancy: every tenant reads this table'

/** Whether the relation under this alias is marked so: by its owner, in the comment, which survives a dump. */
function isMarkedSql (alias: string): string {
  return `coalesce(pg_catalog.obj_description(${alias}.oid, 'pg_class'), '') like ${quoteLiteral(`%${MARK}`)}`
}

/** Whether the relation `c` is marked so. */
export const IS_MARKED_SQL = isMarkedSql('c')

/** Whether the table `c`, whose tenant column is `a` or nulls, holds no tenant's rows but what all of them read. A table with a tenant column is never one. */
export const IS_REFERENCE_SQL = `(a.attname is null and ${IS_MARKED_SQL})`

/** The same of the relation under this alias, whose columns nobody has looked at. */
export function isReferenceSql (alias: string): string {
  return `(${isMarkedSql(alias)} and not exists (
    select from pg_catalog.pg_attribute x where x.attrelid = ${alias}.oid and x.attname = ${quoteLiteral(TENANT_COLUMN)} and not x.attisdropped))`
}

/** Tables of a schema by name, each with whether it is marked. */
export type TableMarks = ReadonlyMap<string, boolean>

/** Returns the tables of a schema. */
export async function tableNames (tx: TransactionSql, schema: string): Promise<TableMarks> {
  const rows = await tx.unsafe(`
    select c.relname as name, ${IS_MARKED_SQL} as marked
    from pg_catalog.pg_class c
    where ${isInSchemaSql('c', schema)} and c.relkind in ('r', 'p')`)
  return new Map(rows.map((row) => [String(row['name']), row['marked'] === true]))
}

/** Marks the tables that came since `before`, and again those that were marked: a migration may have changed their comments. */
export async function markReferenceTables (tx: TransactionSql, schema: string, before: TableMarks): Promise<void> {
  for (const [name, isMarked] of await tableNames(tx, schema)) {
    if (isMarked || before.get(name) === false) continue
    const table = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
    const [row] = await tx.unsafe(`select pg_catalog.obj_description(${quoteLiteral(table)}::pg_catalog.regclass, 'pg_class') as comment`)
    const own = typeof row?.['comment'] === 'string' ? `${row['comment']}\n` : ''
    await tx.unsafe(`comment on table ${table} is ${quoteLiteral(own + MARK)}`)
    if (isCitus(tx)) await copyToNodes(tx, table)
  }
}

/** On Citus, what every tenant reads is on every node, so that their tables can be joined with it and refer to it. */
async function copyToNodes (tx: TransactionSql, table: string): Promise<void> {
  const name = `${quoteLiteral(table)}::pg_catalog.regclass`
  const [plain] = await tx.unsafe(`
    select 1 where not exists (select from pg_catalog.pg_dist_partition p where p.logicalrelid = ${name})
      and not exists (select from pg_catalog.pg_attribute a where a.attrelid = ${name} and a.attname = '${TENANT_COLUMN}' and not a.attisdropped)`)
  if (plain !== undefined) await tx.unsafe(`select pg_catalog.create_reference_table(${name})`)
}
