import type { Check } from '../check.ts'

export const createOnSchemaCheck: Check = {
  name: 'schema-create',
  severity: 'warning',
  message: 'The role may create objects in a schema: a function or table put there can stand in front of the right one.',
  sql: `
    select n.nspname::text as object, format('revoke create on schema %I from %I, public', n.nspname, current_user) as repair
    from pg_namespace n
    where n.nspname !~ '^pg_(toast_)?temp_' and has_schema_privilege(n.oid, 'create')
      and n.nspowner <> (select oid from pg_roles where rolname = current_user)
    order by 1 limit 20`
}
