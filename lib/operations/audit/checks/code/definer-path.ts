import { isMemberSql } from '../words.ts'
import { POLICY_HELPER_SQL } from './policy-function.ts'
import type { Check } from '../../check.ts'

export const definerPathCheck: Check = {
  name: 'function-search-path',
  severity: 'warning',
  isAtStart: false,
  message: 'A SECURITY DEFINER function has no search path of its own: what it calls by name is found on the path of whoever calls it (R-04).',
  sql: `
    select f.oid::regprocedure as object, format('alter routine %s set search_path = pg_catalog, pg_temp', f.oid::regprocedure) as repair
    from pg_proc f join ns n on n.oid = f.pronamespace
    where f.prosecdef and f.prosqlbody is null and not exists (select 1 from unnest(f.proconfig) c (setting) where c.setting like 'search_path=%')
      and not ${isMemberSql('pg_proc', 'f.oid')} and not ${POLICY_HELPER_SQL}
      and ((n.usable and has_function_privilege(f.oid, 'execute')) or exists (select 1 from pg_trigger t join rel r on r.oid = t.tgrelid where t.tgfoid = f.oid and not t.tgisinternal))`
}
