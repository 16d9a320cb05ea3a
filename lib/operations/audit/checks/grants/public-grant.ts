import type { Check } from '../../check.ts'

export const publicGrantCheck: Check = {
  name: 'grant-to-public',
  severity: 'warning',
  isAtStart: false,
  message: 'Every role of the server has a right on what belongs to tenants, also one that is made tomorrow.',
  sql: `
    select r.name as object, format('revoke all on %s %s from public', case r.relkind when 'S' then 'sequence' else 'table' end, r.name) as repair
    from rel r where r.kind in ('tenant', 'shared', 'own', 'control') and (
      exists (select 1 from aclexplode(r.relacl) x where x.grantee = 0)
      or exists (select 1 from pg_attribute a, aclexplode(a.attacl) x where a.attrelid = r.oid and a.attacl is not null and x.grantee = 0))
    union all
    select n.nspname, format('revoke all on schema %s from public', n.name)
    from ns n where n.kind in ('tenant', 'shared', 'own', 'control') and exists (select 1 from aclexplode(n.nspacl) x where x.grantee = 0)`
}
