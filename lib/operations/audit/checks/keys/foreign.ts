import { KEYS_WITHOUT_TENANT_SQL, WITH_TENANT_SQL } from './foreign-keys.ts'
import type { Check } from '../../check.ts'

export const foreignCheck: Check = {
  name: 'foreign-key-without-tenant',
  severity: 'warning',
  isAtStart: false,
  message: 'A foreign key leaves out the tenant: it takes the row of another tenant for the own, and tells that it is there (R-05).',
  sql: `
    select format('%s on %s', quote_ident(k.conname), r.name) as object, ${WITH_TENANT_SQL} as repair
    from ${KEYS_WITHOUT_TENANT_SQL}
    where k.confdeltype in ('a', 'r') and k.confupdtype in ('a', 'r')`
}
