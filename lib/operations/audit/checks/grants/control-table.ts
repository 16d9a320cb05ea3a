import type { Check } from '../../check.ts'

export const controlTableCheck: Check = {
  name: 'registry-right',
  severity: 'warning',
  isAtStart: true,
  message: 'The role has a right on the tables of this package that it does not need: reading them tells which tenants there are, and writing leads a tenant into the place of another.',
  sql: `
    select r.name || ': ' || v.word as object, format('revoke %s on %s from %s, public', v.word, r.name, m.name) as repair,
      case when v.word = 'select' and r.relname <> 'signing_keys' then 'warning' else 'fatal' end as severity
    from rel r cross join me m cross join (values ('select'), ('insert'), ('update'), ('delete')) v (word)
    where r.kind = 'control' and r.relkind <> 'S' and r.relowner <> m.oid
      and not (v.word = 'select' and r.relname in ('tenants', 'registry_version', 'schema_changes', 'place', 'instance', 'signing'))
      and not (v.word = 'insert' and r.relname in ('instance', 'refusals'))
      and case when v.word = 'delete' then has_table_privilege(r.oid, 'delete') else has_any_column_privilege(r.oid, v.word) end`
}
