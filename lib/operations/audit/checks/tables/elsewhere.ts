import type { Check } from '../../check.ts'

export const elsewhereCheck: Check = {
  name: 'table-elsewhere',
  severity: 'warning',
  isAtStart: true,
  message: 'The role reaches a table outside of the schemas of tenants: all tenants share its rows, and nothing tells whose they are.',
  sql: `
    select r.name as object, format('revoke all on %s from %s, public', r.name, m.name) as repair,
      case when r.attnum is not null and not r.protected then 'fatal' else 'warning' end as severity
    from rel r cross join me m
    where r.kind in ('other', 'extensions') and r.relkind in ('r', 'p') and (r.readable or r.writable) and r.relowner <> m.oid
      and not (r.protected and r.child)`
}
