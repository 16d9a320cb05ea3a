import type { Check } from '../../check.ts'

export const defaultPrivilegesCheck: Check = {
  name: 'default-privileges',
  severity: 'warning',
  isAtStart: false,
  message: 'What is made from now on gives rights to every role, or to this one more than it needs.',
  sql: `
    select format('%s in %s', r.rolname, coalesce(quote_ident(n.nspname), 'every schema')) as object,
      format('alter default privileges for role %I %s revoke all on %s from %s', r.rolname,
        coalesce('in schema ' || quote_ident(n.nspname), ''), case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'n' then 'schemas' when 'f' then 'routines' when 'T' then 'types' else 'large objects' end,
        case when x.grantee = 0 then 'public' else (select m.name from me m) end) as repair
    from pg_default_acl d cross join aclexplode(d.defaclacl) x join pg_roles r on r.oid = d.defaclrole
    left join pg_namespace n on n.oid = d.defaclnamespace
    where (x.grantee = 0 and d.defaclobjtype in ('r', 'S', 'n', 'L')) or (x.grantee = (select m.oid from me m)
      and (x.is_grantable or d.defaclobjtype = 'L' or (d.defaclobjtype = 'S' and x.privilege_type <> 'USAGE')
        or x.privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN', 'CREATE')))
    group by 1, 2`
}
