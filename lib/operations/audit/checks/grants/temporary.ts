import type { Check } from '../../check.ts'

export const temporaryCheck: Check = {
  name: 'database-temporary',
  severity: 'warning',
  isAtStart: true,
  message: 'The role may create temporary tables: they stay on the connection for the next tenant, and can stand in front of its own.',
  sql: `
    select d.datname as object, format('revoke temporary on database %I from %s, public', d.datname, m.name) as repair
    from pg_database d cross join me m
    where d.datname = current_database() and has_database_privilege(d.oid, 'temporary')`
}
