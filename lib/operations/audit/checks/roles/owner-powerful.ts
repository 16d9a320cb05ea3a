import type { Check } from '../../check.ts'

export const ownerPowerfulCheck: Check = {
  name: 'owner-member-of-powerful',
  severity: 'warning',
  isAtStart: false,
  message: 'A role that owns schemas or tables of tenants is a member of one that no policy holds: a migration, or whoever has its password, can become that one with SET ROLE.',
  sql: `
    select format('%s in %s', quote_ident(o.rolname), quote_ident(g.rolname)) as object, format('revoke %I from %I', g.rolname, o.rolname) as repair
    from pg_roles o join pg_auth_members a on a.member = o.oid join pg_roles g on g.oid = a.roleid
    where not o.rolsuper and o.oid <> (select m.oid from me m)
      and o.oid in (select n.nspowner from ns n where n.kind in ('tenant', 'shared', 'own', 'control') union select r.relowner from rel r where r.kind in ('tenant', 'shared', 'own', 'control'))
      and exists (select 1 from pg_roles p where (p.rolsuper or p.rolbypassrls) and pg_has_role(g.oid, p.oid, 'member'))`
}
