import type { TransactionSql } from 'postgres'
import { CitusPolicyError, CitusSigningError } from '../../words/errors/index.ts'
import { TENANT_COLUMN, quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import type { TenantTable } from './column.ts'
import { PLAIN_TENANT_SQL, GRANT_POLICY, ISOLATION_POLICY } from './statement.ts'

const column = quoteIdentifier(TENANT_COLUMN)

/** Returns the condition of the one policy on Citus: its workers take no sub-select in it. */
export function citusCondition (columnType: string): string {
  return `${column} = ${PLAIN_TENANT_SQL}::${columnType}`
}

/**
 * Returns the statements that make the policy of a table anew, as Citus keeps it; `table` is quoted.
 *
 * One permissive policy and no other: Citus makes a restrictive one permissive on its workers, where it would open what a
 * permissive one beside it closes.
 */
export function citusPolicyStatements (table: string, columnType: string): readonly string[] {
  const condition = citusCondition(columnType)
  return [
    `drop policy if exists ${GRANT_POLICY} on ${table}`,
    `drop policy if exists ${ISOLATION_POLICY} on ${table}`,
    `create policy ${ISOLATION_POLICY} on ${table} as permissive for all using (${condition}) with check (${condition})`
  ]
}

/** Returns SQL: whether the row `p` of pg_policy is the one policy of its table, as Citus keeps it. */
export function isCitusPolicySql (p: string): string {
  return `${p}.polname = ${quoteLiteral(ISOLATION_POLICY)} and ${p}.polpermissive and ${p}.polcmd = '*' and ${p}.polroles = '{0}'
    and not exists (select from pg_catalog.pg_policy other where other.polrelid = ${p}.polrelid and other.oid <> ${p}.oid)`
}

/** Whether Citus is installed in the database. */
export const HAS_CITUS_SQL = "exists (select 1 from pg_catalog.pg_extension e where e.extname = 'citus')"

/**
 * Throws if the tenant id is signed, and if a table has a policy that is not ours: whatever it is, on the workers it opens the table.
 *
 * @throws {CitusPolicyError} FST_TENANCY_CITUS_POLICY_EXTRA and {@link CitusSigningError} FST_TENANCY_CITUS_SIGNING
 */
export async function assertFitsCitus (tx: TransactionSql, schema: string, tables: readonly TenantTable[], tenantSql: string): Promise<void> {
  if (tenantSql !== PLAIN_TENANT_SQL) throw new CitusSigningError()
  const rows = await tx`
    select c.relname as name from pg_catalog.pg_policy p join pg_catalog.pg_class c on c.oid = p.polrelid
    where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = ${schema}) and p.polname not in (${GRANT_POLICY}, ${ISOLATION_POLICY})`
  const found = rows.map((row) => String(row['name'])).find((name) => tables.some((table) => table.name === name))
  if (found !== undefined) throw new CitusPolicyError(found)
}
