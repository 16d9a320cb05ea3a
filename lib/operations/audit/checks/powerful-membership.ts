import type { Check } from '../check.ts'
import { TENANT_SCHEMA_SQL } from './places.ts'

export const powerfulMembershipCheck: Check = {
  name: 'role-member-of-powerful',
  severity: 'fatal',
  message: 'The role is a member of one that sees the rows of every tenant, and can become it with SET ROLE.',
  sql: `
    select r.rolname::text as object, format('revoke %I from %I', r.rolname, current_user) as repair
    from pg_roles r
    where r.rolname <> current_user and pg_has_role(current_user, r.oid, 'member') and (
      r.rolsuper or r.rolbypassrls or r.rolreplication or r.rolcreaterole
      or r.rolname in ('pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program')
      or exists (select 1 from pg_namespace n where n.nspowner = r.oid and (${TENANT_SCHEMA_SQL}))
      or exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relowner = r.oid and c.relkind in ('r', 'p') and (${TENANT_SCHEMA_SQL})))
    order by 1`
}
