import type { Check } from '../../check.ts'

export const foreignTableCheck: Check = {
  name: 'foreign-table',
  severity: 'warning',
  isAtStart: true,
  message: 'A foreign table has no policies: it shows whatever the other server has (R-03).',
  sql: `
    select r.name as object, format('revoke all on %s from %s, public', r.name, m.name) as repair, case when r.kind = 'tenant' then 'warning' else 'fatal' end as severity
    from rel r cross join me m where r.relkind = 'f' and r.kind <> 'own' and (r.readable or r.writable)`
}
