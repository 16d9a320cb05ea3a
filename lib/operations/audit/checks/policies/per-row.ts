import { PROTECT_SQL } from './protection.ts'
import type { Check } from '../../check.ts'

export const perRowCheck: Check = {
  name: 'policy-per-row',
  severity: 'warning',
  isAtStart: false,
  message: 'A policy asks for the tenant anew for each row: a long table is read many times slower than it has to be.',
  sql: `
    select format('%s on %s', quote_ident(o.polname), r.name) as object, ${PROTECT_SQL} as repair
    from pg_policy o join rel r on r.oid = o.polrelid and (r.kind in ('tenant', 'shared') or r.attnum is not null)
    where pg_get_expr(o.polqual, o.polrelid) !~* 'select' and (strpos(pg_get_expr(o.polqual, o.polrelid), 'current_setting(') > 0
      or exists (select 1 from pg_depend d join pg_proc f on f.oid = d.refobjid
        where d.classid = 'pg_policy'::regclass and d.objid = o.oid and d.refclassid = 'pg_proc'::regclass and f.pronamespace <> 'pg_catalog'::regnamespace))`
}
