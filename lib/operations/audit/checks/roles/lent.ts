import type { Check } from '../../check.ts'

// Who may create roles is an administrator, and joins them while it sets up.
export const lentCheck: Check = {
  name: 'role-lent',
  severity: 'warning',
  isAtStart: false,
  message: 'Another role is a member of the application\'s or the owner\'s: whoever logs in as it works for any tenant, or has all of their tables.',
  sql: `
    select format('%s in %s', quote_ident(r.rolname), quote_ident(g.rolname)) as object, format('revoke %I from %I', g.rolname, r.rolname) as repair
    from pg_auth_members a join pg_roles r on r.oid = a.member join pg_roles g on g.oid = a.roleid
    where not r.rolsuper and not r.rolcreaterole and r.oid <> (select m.oid from me m)
      and (g.oid = (select m.oid from me m) or exists (select 1 from ns n where n.kind = 'control' and n.nspowner = g.oid))`
}
