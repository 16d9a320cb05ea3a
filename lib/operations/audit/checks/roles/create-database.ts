import type { Check } from '../../check.ts'

export const createDatabaseCheck: Check = {
  name: 'role-createdb',
  severity: 'warning',
  isAtStart: false,
  message: 'The role has CREATEDB: it can make a database that is named like the one of a tenant that is not there yet.',
  sql: `
    select m.rolname as object, format('alter role %s nocreatedb', m.name) as repair
    from me m join pg_roles r on r.oid = m.oid where r.rolcreatedb`
}
