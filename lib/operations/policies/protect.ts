import type { TransactionSql } from 'postgres'
import { isCitus, isInSchemaSql, sendAll } from '../../data/owner/index.ts'
import { quoteLiteral } from '../../words/names.ts'
import type { TenantTable } from './column.ts'
import { assertFitsCitus, citusCondition, citusPolicyStatements, isCitusPolicySql } from './citus-shape.ts'
import { GRANT_POLICY, ISOLATION_POLICY, forceStatements, isolationCondition, policyStatements } from './statement.ts'
import { readTenantSql } from './current-tenant.ts'
import { readTables } from './tables.ts'

/**
 * Makes the policies of the tables that lack them or have changed ones, and makes them count. All tables are one message: a
 * fleet waits for round trips, and not for what the server does in them.
 */
export async function protectTables (tx: TransactionSql, schema: string, tables: readonly TenantTable[], tenantSql: string): Promise<void> {
  const shape = isCitus(tx) ? CITUS : POSTGRES
  if (isCitus(tx)) await assertFitsCitus(tx, schema, tables, tenantSql)
  const upToDate = await readUpToDate(tx, schema, shape)
  const outdated = tables.filter((table) => upToDate.get(table.name) !== markOf(table, shape, tenantSql))
  await sendAll(tx, [
    ...outdated.flatMap((table) => shape.statements(table.quoted, table.column.type, tenantSql)),
    ...tables.filter((table) => !table.isSecured || !table.isForced).flatMap((table) => forceStatements(table.quoted))
  ])
  if (outdated.length > 0) await signPolicies(tx, schema, outdated, (table) => markOf(table, shape, tenantSql))
}

/** The same for one table, whose tenant column is complete: for whoever locks tables one by one. */
export async function protectTable (tx: TransactionSql, schema: string, name: string): Promise<void> {
  const tables = (await readTables(tx, schema)).flatMap((table) => table.name === name && table.column !== null ? [{ ...table, column: table.column }] : [])
  if (tables.length !== 1) throw new Error('a table without a tenant column cannot be protected')
  await protectTables(tx, schema, tables, await readTenantSql(tx))
}

/** How policies are written where the server is of one kind or the other. */
interface PolicyShape {
  readonly condition: (columnType: string, tenantSql: string) => string
  readonly statements: (table: string, columnType: string, tenantSql: string) => readonly string[]
  /** SQL: whether the policy `i` of the table `c` is the isolation policy and, with the others of the table, all that there has to be. */
  readonly isWhole: string
}

const POSTGRES: PolicyShape = {
  condition: isolationCondition,
  statements: policyStatements,
  isWhole: `i.polname = ${quoteLiteral(ISOLATION_POLICY)} and not i.polpermissive and i.polcmd = '*' and i.polroles = '{0}'
    and exists (select from pg_catalog.pg_policy g where g.polrelid = c.oid and g.polname = ${quoteLiteral(GRANT_POLICY)} and g.polpermissive and g.polcmd = '*' and g.polroles = '{0}'
      and pg_catalog.pg_get_expr(g.polqual, c.oid) = 'true' and pg_catalog.pg_get_expr(g.polwithcheck, c.oid) = 'true')`
}

const CITUS: PolicyShape = { condition: citusCondition, statements: citusPolicyStatements, isWhole: isCitusPolicySql('i') }

/** What the policies were made from: another release or another column type makes another mark. */
function markOf (table: TenantTable, shape: PolicyShape, tenantSql: string): string {
  return `zakops-tenancy: ${shape.condition(table.column.type, tenantSql)}`
}

/**
 * Returns the mark of each table whose two policies are still what this package made.
 *
 * PostgreSQL shows a condition in its own words, which depend on its version and the column's type. So the comment of
 * the isolation policy keeps the mark and the words that were read back when it was made.
 */
async function readUpToDate (tx: TransactionSql, schema: string, { isWhole }: PolicyShape): Promise<ReadonlyMap<string, string>> {
  const rows = await tx`
    select c.relname as name, pg_catalog.split_part(pg_catalog.obj_description(i.oid, 'pg_policy'), E'\n', 1) as mark
    from pg_catalog.pg_class c
    join pg_catalog.pg_policy i on i.polrelid = c.oid and ${tx.unsafe(isWhole)}
    where ${tx.unsafe(isInSchemaSql('c', schema))}
      and pg_catalog.pg_get_expr(i.polqual, c.oid) = pg_catalog.pg_get_expr(i.polwithcheck, c.oid)
      and pg_catalog.obj_description(i.oid, 'pg_policy')
        = pg_catalog.split_part(pg_catalog.obj_description(i.oid, 'pg_policy'), E'\n', 1) || E'\n' || pg_catalog.pg_get_expr(i.polqual, c.oid)`
  return new Map(rows.map((row) => [String(row['name']), String(row['mark'])]))
}

async function signPolicies (tx: TransactionSql, schema: string, tables: readonly TenantTable[], mark: (table: TenantTable) => string): Promise<void> {
  const rows = await tx`
    select c.relname as name, pg_catalog.pg_get_expr(i.polqual, c.oid) as words
    from pg_catalog.pg_class c join pg_catalog.pg_policy i on i.polrelid = c.oid and i.polname = ${ISOLATION_POLICY}
    where ${tx.unsafe(isInSchemaSql('c', schema))}`
  const words = new Map(rows.map((row) => [String(row['name']), String(row['words'])]))
  await sendAll(tx, tables.map((table) =>
    `comment on policy ${ISOLATION_POLICY} on ${table.quoted} is ${quoteLiteral(`${mark(table)}\n${words.get(table.name)}`)}`))
}
