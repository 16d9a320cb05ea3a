import type { Check } from '../check.ts'
import { TENANT_TABLE_SQL } from './places.ts'

export const truncateCheck: Check = {
  name: 'table-truncate',
  severity: 'fatal',
  message: 'The role may TRUNCATE a table of tenants: that empties it for all of them, whatever the policies say.',
  sql: `
    select format('%I.%I', n.nspname, c.relname) as object,
      format('revoke truncate on %I.%I from %I, public', n.nspname, c.relname, current_user) as repair
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and has_table_privilege(c.oid, 'truncate')
      and c.relowner <> (select oid from pg_roles where rolname = current_user) and (${TENANT_TABLE_SQL})
    order by 1 limit 20`
}
