import type { Check } from '../../check.ts'

export const ownedDatabaseCheck: Check = {
  name: 'role-owns-database',
  severity: 'fatal',
  isAtStart: true,
  message: 'The role owns the database: it can set app.tenant_id for everybody, drop schemas and give itself every right on them.',
  sql: `
    select d.datname as object, format('alter database %I owner to %s', d.datname, p.owner) as repair
    from pg_database d cross join place p join me m on m.oid = d.datdba where d.datname = current_database()`
}
