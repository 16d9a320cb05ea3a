import { quoteLiteral } from '../../../../words/names.ts'
import { REGISTRY_POLICY, registryPolicyStatements } from '../../../roles/index.ts'
import type { Check } from '../../check.ts'

const REPAIR = registryPolicyStatements().join('; ')

export const openRegistryCheck: Check = {
  name: 'registry-open',
  severity: 'fatal',
  isAtStart: true,
  message: 'The registry shows more than the row of the tenant that is at work: every tenant learns of all others.',
  sql: `
    select r.name as object, ${quoteLiteral(REPAIR)}
      || coalesce((select string_agg(format('; drop policy %I on %s', o.polname, r.name), '') from pg_policy o
        where o.polrelid = r.oid and o.polpermissive and o.polname <> ${quoteLiteral(REGISTRY_POLICY)}), '') as repair
    from rel r
    where r.kind = 'control' and r.relname = 'tenants' and (not r.relrowsecurity
      or exists (select 1 from pg_policy o where o.polrelid = r.oid and o.polpermissive and o.polname <> ${quoteLiteral(REGISTRY_POLICY)}))`
}
