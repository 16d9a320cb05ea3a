import type { Check } from '../../check.ts'
import { ROLE_SETTINGS_SQL, SETTING_TARGET_SQL } from './role-settings.ts'

// What is set for the whole database is meant for others too, unless it leads to a tenant.
export const searchPathHeldCheck: Check = {
  name: 'setting-search-path-held',
  severity: 'warning',
  isAtStart: true,
  message: 'A search path is set for the role, or one that leads to a tenant for everybody, and only the role\'s own setting in this database holds it back: without that, as in a copy that was restored, SQL without the tenant settings finds tables.',
  sql: `
    select ${SETTING_TARGET_SQL} as object, 'alter ' || ${SETTING_TARGET_SQL} || ' reset search_path' as repair
    from ${ROLE_SETTINGS_SQL}
    where s.setting ~* '^search_path=.' and s.setting <> 'search_path=""' and exists (select 1 from pg_settings p where p.name = 'search_path' and p.reset_val in ('', '""'))
      and (s.rolname is not null or exists (select 1 from ns n, regexp_split_to_table(split_part(s.setting, '=', 2), ',') part (name) where n.kind = 'tenant' and btrim(part.name, ' "') = n.nspname))`
}
