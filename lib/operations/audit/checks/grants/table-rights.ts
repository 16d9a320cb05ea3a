import type { Check } from '../../check.ts'

export const tableRightsCheck: Check = {
  name: 'table-right',
  severity: 'warning',
  isAtStart: false,
  message: 'The role has a right on a table that no request needs: REFERENCES tells which keys exist, TRIGGER runs code as others, MAINTAIN locks (R-05).',
  sql: `
    select r.name || ': ' || v.word as object, format('revoke %s on %s from %s, public', v.word, r.name, m.name) as repair
    from rel r cross join me m cross join (values ('references'), ('trigger'), ('maintain')) v (word)
    where r.relkind <> 'S' and r.relowner <> m.oid and r.kind in ('tenant', 'shared', 'own', 'control') and case
      when v.word = 'maintain' and current_setting('server_version_num')::int < 170000 then false
      when v.word = 'references' then has_any_column_privilege(r.oid, 'references')
      else has_table_privilege(r.oid, v.word) end`
}
