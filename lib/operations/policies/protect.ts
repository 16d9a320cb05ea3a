import type { TransactionSql } from 'postgres'
import { quoteLiteral } from '../../words/names.ts'
import type { TenantTable } from './column.ts'
import { GRANT_POLICY, ISOLATION_POLICY, forceStatements, isolationCondition, policyStatements } from './statement.ts'

/** Makes the policies of the tables that lack them or have changed ones, and makes them count. */
export async function protectTables (tx: TransactionSql, schema: string, tables: readonly TenantTable[]): Promise<void> {
  const upToDate = await readUpToDate(tx, schema)
  for (const table of tables) {
    const mark = markOf(table)
    if (upToDate.get(table.name) !== mark) {
      for (const statement of policyStatements(table.quoted, table.column.type)) await tx.unsafe(statement)
      await signPolicies(tx, table.quoted, mark)
    }
    if (!table.isSecured || !table.isForced) for (const statement of forceStatements(table.quoted)) await tx.unsafe(statement)
  }
}

/** What the policies were made from: another release or another column type makes another mark. */
function markOf (table: TenantTable): string {
  return `zakops-tenancy: ${isolationCondition(table.column.type)}`
}

/**
 * Returns the mark of each table whose two policies are still what this package made.
 *
 * PostgreSQL shows a condition in its own words, which depend on its version and the column's type. So the comment of
 * the isolation policy keeps the mark and the words that were read back when it was made.
 */
async function readUpToDate (tx: TransactionSql, schema: string): Promise<ReadonlyMap<string, string>> {
  const rows = await tx`
    select c.relname as name, pg_catalog.split_part(pg_catalog.obj_description(i.oid, 'pg_policy'), E'\n', 1) as mark
    from pg_catalog.pg_class c
    join pg_catalog.pg_policy i on i.polrelid = c.oid and i.polname = ${ISOLATION_POLICY}
      and not i.polpermissive and i.polcmd = '*' and i.polroles = '{0}'
    join pg_catalog.pg_policy g on g.polrelid = c.oid and g.polname = ${GRANT_POLICY}
      and g.polpermissive and g.polcmd = '*' and g.polroles = '{0}'
    where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = ${schema})
      and pg_catalog.pg_get_expr(g.polqual, c.oid) = 'true' and pg_catalog.pg_get_expr(g.polwithcheck, c.oid) = 'true'
      and pg_catalog.pg_get_expr(i.polqual, c.oid) = pg_catalog.pg_get_expr(i.polwithcheck, c.oid)
      and pg_catalog.obj_description(i.oid, 'pg_policy')
        = pg_catalog.split_part(pg_catalog.obj_description(i.oid, 'pg_policy'), E'\n', 1) || E'\n' || pg_catalog.pg_get_expr(i.polqual, c.oid)`
  return new Map(rows.map((row) => [String(row['name']), String(row['mark'])]))
}

async function signPolicies (tx: TransactionSql, table: string, mark: string): Promise<void> {
  const [row] = await tx.unsafe(`
    select pg_catalog.pg_get_expr(polqual, polrelid) as words from pg_catalog.pg_policy
    where polname = '${ISOLATION_POLICY}' and polrelid = ${quoteLiteral(table)}::regclass`)
  await tx.unsafe(`comment on policy ${ISOLATION_POLICY} on ${table} is ${quoteLiteral(`${mark}\n${String(row?.['words'])}`)}`)
}
