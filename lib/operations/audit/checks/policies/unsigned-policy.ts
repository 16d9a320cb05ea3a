import { quoteLiteral } from '../../../../words/names.ts'
import { CHECKED_TENANT_SQL } from '../../../roles/index.ts'
import { ISOLATION_POLICY, policyStatements } from '../../../policies/index.ts'
import { IS_SIGNED_SQL } from './protection.ts'
import type { Check } from '../../check.ts'

const signTemplate = policyStatements('%1$s', '%2$s', CHECKED_TENANT_SQL).join('; ')

// Only where the process signs.
export const unsignedPolicyCheck: Check = {
  name: 'unsigned-policy',
  severity: 'fatal',
  isAtStart: true,
  message: 'This process signs the tenant context, and the policy of a table does not check it: SQL can change the tenant, and signed ones see no rows (R-20).',
  sql: `
    select r.name as object, format(${quoteLiteral(signTemplate)}, r.name, format_type(r.atttypid, -1)) as repair
    from rel r join pg_policy p on p.polrelid = r.oid
    where p.polname = ${quoteLiteral(ISOLATION_POLICY)} and not ${IS_SIGNED_SQL} and r.usable`
}
