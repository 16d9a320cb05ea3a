import { TENANT_COLUMN, TENANT_SETTING, quoteIdentifier, quoteLiteral } from '../../words/names.ts'

/** The permissive policy: it opens the table, so that the restrictive one has something to restrict. */
export const GRANT_POLICY = 'tenancy_grant'

/** The restrictive policy: nobody else's permissive policy can open what it closes. */
export const ISOLATION_POLICY = 'tenancy_isolation'

const column = quoteIdentifier(TENANT_COLUMN)

/**
 * The tenant id of the transaction where nothing is signed, or NULL. A setting that was set once reads as '' for the life of
 * its connection, and '' must be nobody rather than a tenant or a failing cast.
 */
export const PLAIN_TENANT_SQL = `nullif(current_setting(${quoteLiteral(TENANT_SETTING)}, true), '')`

/**
 * Returns the condition of the isolation policy, with what is the current tenant in SQL. The sub-select is evaluated once for
 * a statement, not for each row.
 */
export function isolationCondition (columnType: string, tenantSql = PLAIN_TENANT_SQL): string {
  return `${column} = (select ${tenantSql}::${columnType})`
}

/** Returns the statements that make both policies of a table anew; `table` is quoted. */
export function policyStatements (table: string, columnType: string, tenantSql = PLAIN_TENANT_SQL): readonly string[] {
  const condition = isolationCondition(columnType, tenantSql)
  return [
    `drop policy if exists ${GRANT_POLICY} on ${table}`,
    `drop policy if exists ${ISOLATION_POLICY} on ${table}`,
    `create policy ${GRANT_POLICY} on ${table} as permissive for all using (true) with check (true)`,
    `create policy ${ISOLATION_POLICY} on ${table} as restrictive for all using (${condition}) with check (${condition})`
  ]
}

/** Returns the statements that make the policies count, for the owner too. */
export function forceStatements (table: string): readonly string[] {
  return [`alter table ${table} enable row level security`, `alter table ${table} force row level security`]
}
