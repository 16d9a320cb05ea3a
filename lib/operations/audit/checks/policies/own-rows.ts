import { TENANT_COLUMN, quoteLiteral } from '../../../../words/names.ts'
import { OWN_ROWS_CHECK } from '../../../policies/index.ts'
import type { Check } from '../../check.ts'

export const ownRowsCheck: Check = {
  name: 'table-own-rows',
  severity: 'warning',
  isAtStart: false,
  message: 'A table of one tenant can hold rows with the id of another: nobody sees them, and they take up keys (R-05).',
  sql: `
    select r.name as object, format('alter table %s drop constraint if exists %I, add constraint %I check (%I = %L)',
      r.name, ${quoteLiteral(OWN_ROWS_CHECK)}, ${quoteLiteral(OWN_ROWS_CHECK)}, ${quoteLiteral(TENANT_COLUMN)}, substr(r.nspname, 8)) as repair
    from rel r
    where r.kind = 'tenant' and r.relkind in ('r', 'p') and not r.child and r.protected and not exists (
      select 1 from pg_constraint k
      where k.conrelid = r.oid and k.contype = 'c' and k.convalidated and k.conname = ${quoteLiteral(OWN_ROWS_CHECK)}
        and strpos(pg_get_constraintdef(k.oid), quote_literal(substr(r.nspname, 8))) > 0)`
}
