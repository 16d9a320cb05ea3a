import type { Check } from '../../check.ts'

export const createOnSchemaCheck: Check = {
  name: 'schema-create',
  severity: 'warning',
  isAtStart: true,
  message: 'The role may create objects in a schema: a function or table put there can stand in front of the right one.',
  sql: `
    select n.nspname as object, format('revoke create on schema %s from %s, public', n.name, m.name) as repair
    from ns n cross join me m where has_schema_privilege(n.oid, 'create') and n.nspowner <> m.oid`
}
