import { TENANT_COLUMN, quoteLiteral } from '../../../../words/names.ts'
import type { Check } from '../../check.ts'

export const nullableColumnCheck: Check = {
  name: 'column-nullable',
  severity: 'warning',
  isAtStart: false,
  message: 'The tenant column can be NULL: such a row is nobody\'s, and a policy that is written wrong shows it to all.',
  sql: `
    select r.name as object, format('alter table %s alter column %I set not null', r.name, ${quoteLiteral(TENANT_COLUMN)}) as repair
    from rel r
    where r.relkind in ('r', 'p') and not r.child and not r.attnotnull and (r.kind = 'shared' or r.protected)`
}
