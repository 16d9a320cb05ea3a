import type { Check } from '../check.ts'

export const createOnDatabaseCheck: Check = {
  name: 'database-create',
  severity: 'warning',
  message: 'The role may create schemas in the database: one of them can be named like a tenant that is not provisioned yet.',
  sql: `
    select d.datname::text as object, format('revoke create on database %I from %I, public', d.datname, current_user) as repair
    from pg_database d
    where d.datname = current_database() and has_database_privilege(d.oid, 'create')`
}
