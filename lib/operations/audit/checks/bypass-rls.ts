import type { Check } from '../check.ts'

export const bypassRlsCheck: Check = {
  name: 'role-bypassrls',
  severity: 'fatal',
  message: 'The role has BYPASSRLS: no policy holds it.',
  sql: `
    select r.rolname::text as object, format('alter role %I nobypassrls', r.rolname) as repair
    from pg_roles r where r.rolname = current_user and r.rolbypassrls`
}
