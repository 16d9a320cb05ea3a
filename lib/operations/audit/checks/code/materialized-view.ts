import { READS_SQL } from './reads.ts'
import type { Check } from '../../check.ts'

// In a schema of one tenant it holds rows of that tenant, if it reads nothing else.
export const materializedViewCheck: Check = {
  name: 'materialized-view',
  severity: 'fatal',
  isAtStart: true,
  message: 'A materialized view keeps rows that no policy filters (R-03).',
  sql: `
    select r.name as object, format('revoke all on %s from %s, public', r.name, m.name) as repair
    from rel r cross join me m
    where r.relkind = 'm' and r.readable and (r.kind in ('shared', 'other', 'extensions', 'control')
      or (r.kind = 'tenant' and exists (select 1 from ${READS_SQL} where read.relnamespace <> r.relnamespace and read.kind in ('tenant', 'shared', 'control', 'other'))))`
}
