import type { Check } from '../../check.ts'

export const sequenceRightsCheck: Check = {
  name: 'sequence-right',
  severity: 'warning',
  isAtStart: false,
  message: 'The role may read or set a sequence: the value tells how much others write, and a new one makes their keys collide (G-08).',
  sql: `
    select r.name as object, format('revoke select, update on sequence %s from %s, public', r.name, m.name) as repair
    from rel r cross join me m
    where r.relowner <> m.oid and r.kind in ('tenant', 'shared', 'control') and case when r.relkind = 'S' then has_sequence_privilege(r.oid, 'select, update') else false end`
}
