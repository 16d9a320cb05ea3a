import type { Check } from '../check.ts'

export const membershipCheck: Check = {
  name: 'role-membership',
  severity: 'warning',
  message: 'The role is a member of another and has its rights too, now and whenever somebody gives that one more.',
  sql: `
    select r.rolname::text as object, format('revoke %I from %I', r.rolname, current_user) as repair
    from pg_auth_members m join pg_roles r on r.oid = m.roleid
    where m.member = (select oid from pg_roles where rolname = current_user)
    order by 1`
}
