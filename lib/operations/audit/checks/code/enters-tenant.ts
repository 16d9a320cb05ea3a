import { isMemberSql, sourceSql } from '../words.ts'
import type { Check } from '../../check.ts'

export const entersTenantCheck: Check = {
  name: 'function-sets-tenant',
  severity: 'fatal',
  isAtStart: true,
  message: 'A function sets the tenant, the role or the path by itself: whoever calls it works as somebody else meanwhile.',
  sql: `
    select f.oid::regprocedure as object, case
      when f.config then format('alter routine %s reset all', f.oid::regprocedure)
      when f.triggers is not null then f.triggers
      else format('revoke execute on routine %s from %s, public', f.oid::regprocedure, m.name) end as repair,
      case when f.config then 'fatal' else 'warning' end as severity
    from (
      select p.oid, ${sourceSql('p')} as source, n.usable,
        (select string_agg(format('drop trigger %I on %s', t.tgname, r.name), '; ') from pg_trigger t join rel r on r.oid = t.tgrelid where t.tgfoid = p.oid and not t.tgisinternal) as triggers, exists (select 1 from unnest(p.proconfig) c (setting)
        where c.setting ~* '^(app[.]tenant_id|role|session_authorization)=' or (c.setting like 'search_path=%tenant\\_%')) as config
      from pg_proc p join ns n on n.oid = p.pronamespace
      where not ${isMemberSql('pg_proc', 'p.oid')}) f cross join me m
    where (f.triggers is not null or (f.usable and has_function_privilege(f.oid, 'execute'))) and (f.config or f.source ~* 'set_config[^;]*app[.]tenant_id|set\\s+(local\\s+|session\\s+)?"?app"?[.]"?tenant_id')`
}
