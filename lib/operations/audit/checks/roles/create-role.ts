import type { Check } from '../../check.ts'

export const createRoleCheck: Check = {
  name: 'role-createrole',
  severity: 'fatal',
  isAtStart: true,
  message: 'The role has CREATEROLE: it can make itself a member of the role that owns the tables, or make one that is.',
  sql: `
    select m.rolname as object, format('alter role %s nocreaterole', m.name) as repair
    from me m join pg_roles r on r.oid = m.oid where r.rolcreaterole`
}
