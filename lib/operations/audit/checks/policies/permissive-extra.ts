import { quoteLiteral } from '../../../../words/names.ts'
import { GRANT_POLICY, HAS_CITUS_SQL, ISOLATION_POLICY } from '../../../policies/index.ts'
import type { Check } from '../../check.ts'

export const permissiveExtraCheck: Check = {
  name: 'policy-permissive',
  severity: 'warning',
  isAtStart: false,
  message: 'A permissive policy stands beside the isolation policy: it narrows nothing, and opens the table on the day the isolation policy is lost (R-09).',
  sql: `
    select format('%s on %s', quote_ident(o.polname), r.name) as object, format('drop policy %I on %s', o.polname, r.name) as repair
    from pg_policy o join rel r on r.oid = o.polrelid
    where o.polpermissive and o.polname <> ${quoteLiteral(GRANT_POLICY)} and not (o.polname = ${quoteLiteral(ISOLATION_POLICY)} and ${HAS_CITUS_SQL}) and (r.kind = 'shared'
      or exists (select 1 from pg_policy i where i.polrelid = r.oid and i.polname = ${quoteLiteral(ISOLATION_POLICY)}))`
}
