import type { Check } from '../check.ts'

export const ownedTableCheck: Check = {
  name: 'role-owns-table',
  severity: 'fatal',
  message: 'The role owns a table: it can switch the policies off, and without FORCE they do not hold it at all.',
  sql: `
    select format('%I.%I', n.nspname, c.relname) as object,
      format('alter table %I.%I owner to <the owner role>', n.nspname, c.relname) as repair
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      and c.relowner = (select oid from pg_roles where rolname = current_user)
    order by 1 limit 20`
}
