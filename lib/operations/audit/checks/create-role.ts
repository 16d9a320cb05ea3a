import type { Check } from '../check.ts'

export const createRoleCheck: Check = {
  name: 'role-createrole',
  severity: 'fatal',
  message: 'The role has CREATEROLE: it can make itself a member of the role that owns the tables, or make one that is.',
  sql: `
    select r.rolname::text as object, format('alter role %I nocreaterole', r.rolname) as repair
    from pg_roles r where r.rolname = current_user and r.rolcreaterole`
}
