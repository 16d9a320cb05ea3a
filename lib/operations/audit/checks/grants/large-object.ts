import type { Check } from '../../check.ts'

export const largeObjectCheck: Check = {
  name: 'large-object',
  severity: 'warning',
  isAtStart: false,
  message: 'The role can read or change a large object: those belong to no tenant, so every tenant can (G-05).',
  sql: `
    select 'large object ' || l.oid as object, format('select lo_unlink(%s)', l.oid) as repair
    from pg_largeobject_metadata l join me m on true
    where pg_has_role(m.oid, l.lomowner, 'usage')
      or exists (select 1 from aclexplode(l.lomacl) x where x.grantee = 0 or pg_has_role(m.oid, x.grantee, 'usage'))`
}
