import { sourceSql } from '../words.ts'
import type { Check } from '../../check.ts'

export const immutableHelperCheck: Check = {
  name: 'function-immutable',
  severity: 'warning',
  isAtStart: true,
  message: 'A function that reads a setting is IMMUTABLE: a plan keeps the value of the tenant who came first, and the next one gets its rows (R-15).',
  sql: `
    select f.oid::regprocedure as object, format('alter function %s stable', f.oid::regprocedure) as repair,
      case when d.objid is null then 'warning' else 'fatal' end as severity
    from pg_proc f join ns n on n.oid = f.pronamespace
    left join lateral (select o.objid from pg_depend o where o.classid = 'pg_policy'::regclass and o.refclassid = 'pg_proc'::regclass and o.refobjid = f.oid limit 1) d on true
    where f.provolatile = 'i' and (${sourceSql('f')} ~* 'current_setting' or (d.objid is not null and f.pronargs = 0))`
}
