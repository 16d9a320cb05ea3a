import type { Check } from '../check.ts'

export const superuserCheck: Check = {
  name: 'role-superuser',
  severity: 'fatal',
  message: 'A superuser sees the rows of every tenant: no policy and no grant holds it.',
  sql: `
    select r.rolname::text as object, '-- log in as the role that setUpDatabase() was given as app' as repair
    from pg_roles r where r.rolname = current_user and r.rolsuper`
}
