import type { Check } from '../check.ts'

export const temporaryCheck: Check = {
  name: 'database-temporary',
  severity: 'warning',
  message: 'The role may create temporary tables: they stay on the connection for the next tenant, and can stand in front of its own.',
  sql: `
    select d.datname::text as object, format('revoke temporary on database %I from %I, public', d.datname, current_user) as repair
    from pg_database d
    where d.datname = current_database() and has_database_privilege(d.oid, 'temporary')`
}
