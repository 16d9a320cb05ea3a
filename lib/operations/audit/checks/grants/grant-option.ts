import type { Check } from '../../check.ts'

export const grantOptionCheck: Check = {
  name: 'table-grant-option',
  severity: 'warning',
  isAtStart: false,
  message: 'The role may give its rights on a table, sequence, schema or function to others.',
  sql: `
    select r.name as object, format('revoke grant option for all on %s from %s cascade', r.name, m.name) as repair
    from rel r cross join me m
    where r.relkind <> 'S' and r.relowner <> m.oid and r.kind <> 'other' and (has_table_privilege(r.oid, 'delete with grant option')
      or has_any_column_privilege(r.oid, 'select with grant option, insert with grant option, update with grant option'))
    union all
    select r.name, format('revoke grant option for all on sequence %s from %s cascade', r.name, m.name)
    from rel r cross join me m
    where r.relowner <> m.oid and case when r.relkind = 'S' then has_sequence_privilege(r.oid, 'usage with grant option, select with grant option, update with grant option') else false end
    union all
    select n.nspname, format('revoke grant option for all on schema %s from %s cascade', n.name, m.name)
    from ns n cross join me m where n.nspowner <> m.oid and n.kind <> 'other' and has_schema_privilege(n.oid, 'usage with grant option, create with grant option')
    union all
    select f.oid::regprocedure::text, format('revoke grant option for execute on routine %s from %s cascade', f.oid::regprocedure, m.name)
    from pg_proc f join ns n on n.oid = f.pronamespace cross join me m where f.proowner <> m.oid and has_function_privilege(f.oid, 'execute with grant option')`
}
