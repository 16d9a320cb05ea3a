import { PROTECT_SQL } from './protection.ts'
import type { Check } from '../../check.ts'

export const closedCheck: Check = {
  name: 'policy-closed',
  severity: 'warning',
  isAtStart: false,
  message: 'A table with row security has no policy that lets anything through: nobody reads or writes it, and the next one to open it may forget the tenant.',
  sql: `
    select r.name as object, ${PROTECT_SQL} as repair
    from rel r
    where r.relkind in ('r', 'p') and r.relrowsecurity and r.kind in ('tenant', 'shared')
      and not exists (select 1 from pg_policy o where o.polrelid = r.oid and o.polpermissive)`
}
