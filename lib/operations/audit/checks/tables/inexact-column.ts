import type { Check } from '../../check.ts'
import { PROTECT_SQL } from '../policies/protection.ts'

export const inexactColumnCheck: Check = {
  name: 'column-inexact',
  severity: 'fatal',
  isAtStart: true,
  message: 'The tenant column takes two tenant ids for one: by its collation, or by a type that ignores letter case or trailing blanks.',
  sql: `
    select r.name as object, ${PROTECT_SQL} as repair, case when r.kind = 'tenant' then 'warning' else 'fatal' end as severity
    from rel r
    where r.relkind in ('r', 'p') and not r.child and (r.kind in ('shared', 'tenant') or (r.kind = 'other' and r.protected)) and r.inexact`
}
