import { TENANT_COLUMN, quoteLiteral } from '../../../../words/names.ts'
import type { Check } from '../../check.ts'

export const missingIndexCheck: Check = {
  name: 'index-missing',
  severity: 'warning',
  isAtStart: false,
  message: 'No index begins with the tenant column: every statement reads the rows of all tenants to find those of one.',
  sql: `
    select r.name as object, format('create index on %s (%I)', r.name, ${quoteLiteral(TENANT_COLUMN)}) as repair
    from rel r
    where r.relkind in ('r', 'p') and r.attnum is not null and (r.kind = 'shared' or (r.kind in ('other', 'extensions') and r.protected)) and not exists (
      select 1 from pg_index x join pg_class i on i.oid = x.indexrelid join pg_am a on a.oid = i.relam
      where x.indrelid = r.oid and x.indisvalid and x.indpred is null and x.indkey[0] = r.attnum and a.amname <> 'brin')`
}
