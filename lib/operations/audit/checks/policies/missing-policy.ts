import { quoteLiteral } from '../../../../words/names.ts'
import { ISOLATION_POLICY, OWN_ROWS_CHECK } from '../../../policies/index.ts'
import { PROTECT_SQL } from './protection.ts'
import type { Check } from '../../check.ts'

// Under `schema` no table has a policy, and none is missing.
export const missingPolicyCheck: Check = {
  name: 'table-policy-missing',
  severity: 'warning',
  isAtStart: true,
  message: 'A table of a tenant has lost the isolation policy or its force: only the schema keeps other tenants out.',
  sql: `
    select r.name as object, ${PROTECT_SQL} as repair
    from rel r cross join place p
    where r.relkind in ('r', 'p') and r.kind = 'tenant' and not r.protected and (
      r.nspname = any (p.secured)
      or exists (select 1 from pg_constraint k where k.conrelid = r.oid and k.conname = ${quoteLiteral(OWN_ROWS_CHECK)})
      or r.relnamespace in (select s.relnamespace from pg_policy o join pg_class s on s.oid = o.polrelid where o.polname = ${quoteLiteral(ISOLATION_POLICY)}))`
}
