import { quoteLiteral } from '../../../words/names.ts'
import { ISOLATION_POLICY, OWN_ROWS_CHECK } from '../../policies/index.ts'
import type { Check } from '../check.ts'
import { IS_PROTECTED_SQL, PROTECT_SQL, TENANT_COLUMN_JOIN_SQL } from './protection.ts'

// Under `schema` no table has a policy, and none is missing.
export const missingPolicyCheck: Check = {
  name: 'table-policy-missing',
  severity: 'warning',
  message: 'A table of a tenant has lost the isolation policy or its force: only the schema keeps other tenants out.',
  sql: `
    select format('%I.%I', n.nspname, c.relname) as object, ${PROTECT_SQL} as repair
    from pg_class c join pg_namespace n on n.oid = c.relnamespace ${TENANT_COLUMN_JOIN_SQL}
    where c.relkind in ('r', 'p') and n.nspname like 'tenant\\_%' and not (${IS_PROTECTED_SQL}) and (
      exists (select 1 from pg_constraint k where k.conrelid = c.oid and k.conname = ${quoteLiteral(OWN_ROWS_CHECK)})
      or exists (select 1 from pg_policy p join pg_class s on s.oid = p.polrelid
        where s.relnamespace = n.oid and p.polname = ${quoteLiteral(ISOLATION_POLICY)}))
    order by 1 limit 20`
}
