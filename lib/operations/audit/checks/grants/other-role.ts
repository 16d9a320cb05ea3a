import type { Check } from '../../check.ts'

// The operator has BYPASSRLS, and so have those who back up: they are meant to see everything. Who may create roles is an administrator.
export const otherRoleCheck: Check = {
  name: 'grant-to-other',
  severity: 'warning',
  isAtStart: false,
  message: 'Another role than the application\'s has rights on tables of tenants: no policy tells who it works for, so it can set any tenant.',
  sql: `
    select format('%s on %s', quote_ident(g.rolname), r.name) as object, format('revoke all on %s %s from %I', case r.relkind when 'S' then 'sequence' else 'table' end, r.name, g.rolname) as repair
    from rel r cross join lateral (select x.grantee from aclexplode(r.relacl) x
      union select x.grantee from pg_attribute a cross join aclexplode(a.attacl) x where a.attrelid = r.oid and a.attacl is not null) x join pg_roles g on g.oid = x.grantee
    where r.kind in ('tenant', 'shared', 'control') and g.oid not in (r.relowner, (select m.oid from me m)) and not g.rolbypassrls and not g.rolsuper
      and not exists (select 1 from ns n where n.oid = r.relnamespace and n.nspowner = g.oid)
    group by 1, 2
    union all
    select format('%s in %s', quote_ident(r.rolname), g.rolname), format('revoke %I from %I', g.rolname, r.rolname)
    from pg_auth_members a join pg_roles r on r.oid = a.member join pg_roles g on g.oid = a.roleid
    where g.rolname in ('pg_read_all_data', 'pg_write_all_data') and not r.rolbypassrls and not r.rolsuper and not r.rolcreaterole
      and r.oid <> (select m.oid from me m) and not exists (select 1 from ns n where n.kind = 'control' and n.nspowner = r.oid)`
}
