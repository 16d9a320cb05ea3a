import type { Check } from '../../check.ts'

// Plans that a connection has kept outlive the change on servers with CVE-2026-14666, so its connections have to go too.
export const bypassRlsCheck: Check = {
  name: 'role-bypassrls',
  severity: 'fatal',
  isAtStart: true,
  message: 'The role has BYPASSRLS: no policy holds it.',
  sql: `
    select m.rolname as object, format('alter role %s nobypassrls; select pg_terminate_backend(pid) from pg_stat_activity where usename = %L and pid <> pg_backend_pid()', m.name, m.rolname) as repair
    from me m join pg_roles r on r.oid = m.oid where r.rolbypassrls`
}
