import { PROTECT_SQL } from '../policies/protection.ts'
import type { Check } from '../../check.ts'

export const partitionCheck: Check = {
  name: 'partition-open',
  severity: 'fatal',
  isAtStart: true,
  message: 'A partition or child in another schema has no policies itself and can be named, or the table that it belongs to has none and shows its rows (R-11).',
  sql: `
    select r.name as object, case when parent.protected then ${PROTECT_SQL} when parent.relkind = 'p' then format('alter table %s detach partition %s', parent.name, r.name)
      else format('alter table %s no inherit %s', r.name, parent.name) end as repair
    from pg_inherits i join rel r on r.oid = i.inhrelid join rel parent on parent.oid = i.inhparent
    where r.relnamespace <> parent.relnamespace and case when parent.protected then not r.protected and r.kind <> 'shared' and (r.readable or r.writable)
      else parent.kind = 'tenant' and (parent.readable or parent.writable) end`
}
