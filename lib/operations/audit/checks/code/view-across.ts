import { READS_SQL } from './reads.ts'
import type { Check } from '../../check.ts'

export const viewAcrossCheck: Check = {
  name: 'view-across',
  severity: 'fatal',
  isAtStart: true,
  message: 'A view shows rows of another schema\'s tenant to whoever may read it.',
  sql: `
    select r.name as object, format('revoke all on %s from %s, public', r.name, m.name) as repair,
      case when exists (select 1 from ${READS_SQL} where read.kind = 'tenant' and read.relnamespace <> r.relnamespace and not read.protected) then 'fatal' else 'warning' end as severity
    from rel r cross join me m
    where r.relkind = 'v' and (r.readable or r.writable) and exists (select 1 from ${READS_SQL} where read.kind = 'tenant' and read.relnamespace <> r.relnamespace)`
}
