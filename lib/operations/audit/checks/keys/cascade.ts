import { KEYS_WITHOUT_TENANT_SQL, WITH_TENANT_SQL } from './foreign-keys.ts'
import type { Check } from '../../check.ts'

export const cascadeCheck: Check = {
  name: 'cascade-without-tenant',
  severity: 'warning',
  isAtStart: false,
  message: 'A foreign key that cascades leaves out the tenant: what one tenant deletes or changes takes rows of another with it (R-06).',
  sql: `
    select format('%s on %s', quote_ident(k.conname), r.name) as object, ${WITH_TENANT_SQL} as repair
    from ${KEYS_WITHOUT_TENANT_SQL}
    where k.confdeltype not in ('a', 'r') or k.confupdtype not in ('a', 'r')`
}
