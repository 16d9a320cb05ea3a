import type { Check } from '../check.ts'

export const ownedSchemaCheck: Check = {
  name: 'role-owns-schema',
  severity: 'fatal',
  message: 'The role owns a schema: it can drop the tables in it and put others in their place.',
  sql: `
    select n.nspname::text as object, format('alter schema %I owner to <the owner role>', n.nspname) as repair
    from pg_namespace n
    where n.nspname !~ '^pg_(toast_)?temp_' and n.nspowner = (select oid from pg_roles where rolname = current_user)
    order by 1 limit 20`
}
