import type { Check } from '../../check.ts'

export const truncateCheck: Check = {
  name: 'table-truncate',
  severity: 'fatal',
  isAtStart: true,
  message: 'The role may TRUNCATE a table of tenants: that empties it for all of them, whatever the policies say.',
  sql: `
    select r.name as object, format('revoke truncate on %s from %s, public', r.name, m.name) as repair
    from rel r cross join me m
    where r.relkind in ('r', 'p') and r.relowner <> m.oid and (r.kind in ('tenant', 'shared', 'control') or r.relrowsecurity or r.attnum is not null)
      and has_table_privilege(r.oid, 'truncate')`
}
