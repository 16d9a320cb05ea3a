import type { Check } from '../../check.ts'

export const membershipCheck: Check = {
  name: 'role-membership',
  severity: 'warning',
  isAtStart: true,
  message: 'The role is a member of another and has its rights too, now and whenever somebody gives that one more.',
  sql: `
    select r.rolname as object, format('revoke %I from %s', r.rolname, m.name) as repair
    from me m join pg_auth_members a on a.member = m.oid join pg_roles r on r.oid = a.roleid`
}
