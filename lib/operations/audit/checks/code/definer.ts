import { bypassesSql, isMemberSql } from '../words.ts'
import { POLICY_HELPER_SQL } from './policy-function.ts'
import type { Check } from '../../check.ts'

/** The functions that an aggregate is made of: the rights of its owner say whether they may run, and not those of who calls it. */
const PARTS_SQL = `array(select unnest(array[g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggserialfn, g.aggdeserialfn, g.aggmtransfn, g.aggminvtransfn, g.aggmfinalfn]::oid[])
  from pg_aggregate g where g.aggfnoid = f.oid)`

/**
 * Whether a view, a default, a domain, a constraint, a policy, an index or another function calls it. It is called as whoever
 * uses those, and nobody asks again whether that one may use its schema. Triggers have a check of their own.
 */
const IS_BUILT_IN_SQL = `exists (select 1 from pg_depend d where d.refclassid = 'pg_proc'::regclass and d.refobjid = f.oid
  and d.classid not in ('pg_trigger'::regclass, 'pg_event_trigger'::regclass))`

// A database of one tenant alone has nothing of others to see.
export const definerCheck: Check = {
  name: 'function-definer',
  severity: 'fatal',
  isAtStart: true,
  message: 'The role may call a SECURITY DEFINER function, or an aggregate made of one: it runs with the rights of its owner, and whatever that one sees (R-04).',
  sql: `
    select f.oid::regprocedure as object, format('revoke execute on routine %s from %s, public', f.oid::regprocedure, m.name) as repair,
      case when d.free then 'fatal' else 'warning' end as severity
    from pg_proc f join (select oid, kind, usable from ns union all select 'pg_catalog'::regnamespace, 'server', true) n on n.oid = f.pronamespace cross join me m
    cross join lateral (select bool_or(${bypassesSql('s.proowner')}) as free from pg_proc s
      where s.prosecdef and s.oid = any (case f.prokind when 'a' then ${PARTS_SQL} else array[f.oid] end) having count(*) > 0) d
    where f.oid >= 16384 and (n.usable or ${IS_BUILT_IN_SQL}) and n.kind <> 'own' and has_function_privilege(f.oid, 'execute') and not ${isMemberSql('pg_proc', 'f.oid')} and not ${POLICY_HELPER_SQL}`
}
