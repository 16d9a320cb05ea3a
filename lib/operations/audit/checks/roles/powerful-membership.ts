import type { Check } from '../../check.ts'

export const powerfulMembershipCheck: Check = {
  name: 'role-member-of-powerful',
  severity: 'fatal',
  isAtStart: true,
  message: 'The role is a member of one that sees the rows of every tenant, and can become it with SET ROLE.',
  sql: `
    select r.rolname as object, format('revoke %I from %s', r.rolname, m.name) as repair
    from me m join pg_roles r on r.oid <> m.oid and pg_has_role(m.oid, r.oid, 'member')
    where r.rolsuper or r.rolbypassrls or r.rolreplication or r.rolcreaterole
      or r.rolname in ('pg_read_all_data', 'pg_write_all_data', 'pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program',
        'pg_create_subscription', 'pg_maintain')
      or exists (select 1 from ns n where n.nspowner = r.oid and n.kind in ('tenant', 'shared', 'control'))
      or exists (select 1 from rel t where t.relowner = r.oid and t.relkind in ('r', 'p') and (t.kind in ('tenant', 'shared', 'control') or t.attnum is not null))`
}
