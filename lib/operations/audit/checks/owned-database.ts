import type { Check } from '../check.ts'

export const ownedDatabaseCheck: Check = {
  name: 'role-owns-database',
  severity: 'fatal',
  message: 'The role owns the database: it can set app.tenant_id for everybody, drop schemas and give itself every right on them.',
  sql: `
    select d.datname::text as object, format('alter database %I owner to <the owner role>', d.datname) as repair
    from pg_database d
    where d.datname = current_database() and d.datdba = (select oid from pg_roles where rolname = current_user)`
}
