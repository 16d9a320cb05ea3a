import type { TransactionSql } from 'postgres'
import { CONTROL_SCHEMA } from '../../words/names.ts'

/** What stands in a condition that checks signatures. */
export const CHECKED_IN_WORDS = `${CONTROL_SCHEMA}.current_tenant()`

/** Returns the tables of this database that the application can enter and whose isolation policy takes what is not signed. */
export async function unsignedTables (tx: TransactionSql, appRole: string): Promise<readonly string[]> {
  const rows = await tx`
    select pg_catalog.format('%I.%I', n.nspname, c.relname) as name from pg_catalog.pg_policy p
    join pg_catalog.pg_class c on c.oid = p.polrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where p.polname = 'tenancy_isolation' and pg_catalog.strpos(pg_catalog.pg_get_expr(p.polqual, p.polrelid), ${CHECKED_IN_WORDS}) = 0
      and pg_catalog.has_schema_privilege(${appRole}, n.oid, 'usage')`
  return rows.map((row) => String(row['name']))
}
