import { PROTECT_SQL } from './protection.ts'
import type { Check } from '../../check.ts'

// One that nobody has rights on opens nothing yet, and ends no start: so are tables that are being adopted.
export const unprotectedTableCheck: Check = {
  name: 'unprotected-table',
  severity: 'fatal',
  isAtStart: true,
  message: 'A table of the shared schema has no forced row security with the isolation policy: every tenant that has rights on it sees all of its rows.',
  sql: `
    select r.name as object, ${PROTECT_SQL} as repair, case when r.readable or r.writable or has_table_privilege(r.oid, 'truncate') then 'fatal' else 'warning' end as severity
    from rel r
    where r.relkind in ('r', 'p') and r.kind = 'shared' and not r.protected
      and not (r.reference and not r.writable and not has_table_privilege(r.oid, 'truncate'))`
}
