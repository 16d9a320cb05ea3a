import type { Check } from '../../check.ts'

export const ownerBypassesCheck: Check = {
  name: 'owner-bypasses-policies',
  severity: 'warning',
  isAtStart: false,
  message: 'The role that owns the schemas is held by no policy: its views, functions and rules show the rows of every tenant.',
  sql: `
    select r.rolname as object, format('alter role %I nosuperuser nobypassrls', r.rolname) as repair
    from ns n join pg_roles r on r.oid = n.nspowner where n.kind = 'control' and (r.rolsuper or r.rolbypassrls)`
}
