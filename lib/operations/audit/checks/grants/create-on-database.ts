import type { Check } from '../../check.ts'

export const createOnDatabaseCheck: Check = {
  name: 'database-create',
  severity: 'warning',
  isAtStart: true,
  message: 'The role may create schemas in the database: one of them can be named like a tenant that is not provisioned yet.',
  sql: `
    select d.datname as object, format('revoke create on database %I from %s, public', d.datname, m.name) as repair
    from pg_database d cross join me m
    where d.datname = current_database() and has_database_privilege(d.oid, 'create')`
}
