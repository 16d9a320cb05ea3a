import { quoteLiteral } from '../../../words/names.ts'
import type { AuditPlace, Check } from '../check.ts'
import { IS_PROTECTED_SQL, PROTECT_SQL, TENANT_COLUMN_JOIN_SQL } from './protection.ts'

export const unprotectedTableCheck = ({ sharedSchema }: AuditPlace): Check => ({
  name: 'unprotected-table',
  severity: 'fatal',
  message: 'A table of the shared schema has no forced row security with the isolation policy: every tenant sees all of its rows.',
  sql: `
    select format('%I.%I', n.nspname, c.relname) as object, ${PROTECT_SQL} as repair
    from pg_class c join pg_namespace n on n.oid = c.relnamespace ${TENANT_COLUMN_JOIN_SQL}
    where c.relkind in ('r', 'p') and n.nspname = ${quoteLiteral(sharedSchema)} and not (${IS_PROTECTED_SQL})
    order by 1 limit 20`
})
