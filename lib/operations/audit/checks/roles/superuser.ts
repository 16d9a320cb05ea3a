import type { Check } from '../../check.ts'

export const superuserCheck: Check = {
  name: 'role-superuser',
  severity: 'fatal',
  isAtStart: true,
  message: 'A superuser sees the rows of every tenant: no policy and no grant holds it.',
  sql: `
    select m.rolname as object, '-- log in as the role that setUpDatabase() was given as app' as repair
    from me m join pg_roles r on r.oid = m.oid where r.rolsuper`
}
