import { ROLE_SETTINGS_SQL, SETTING_TARGET_SQL } from './role-settings.ts'
import type { Check } from '../../check.ts'

// Off: an error instead of filtered rows, or triggers and foreign keys that do not run. On: large objects without rights,
// comparisons that mean something else, quotes that end elsewhere. Libraries run in every session.
const UNSAFE = [
  '^(row_security|standard_conforming_strings)=(off|false|no|0)$',
  '^session_replication_role=(replica|local)$',
  '^(lo_compat_privileges|transform_null_equals|allow_system_table_mods)=(on|true|yes|1)$',
  '^(local|session)_preload_libraries=.'
].join('|')

export const unsafeSettingCheck: Check = {
  name: 'setting-unsafe',
  severity: 'warning',
  isAtStart: false,
  message: 'Sessions begin with a setting that weakens what keeps tenants apart, or with code of somebody else.',
  sql: `
    select ${SETTING_TARGET_SQL} || ': ' || s.setting as object, 'alter ' || ${SETTING_TARGET_SQL} || ' reset ' || split_part(s.setting, '=', 1) as repair
    from ${ROLE_SETTINGS_SQL}
    where s.setting ~* '${UNSAFE}'
    union all
    select 'server: ' || s.name || '=' || s.reset_val, format('alter system reset %I; select pg_reload_conf()', s.name)
    from pg_settings s
    where s.source not in ('user', 'database', 'database user', 'session', 'interactive') and s.name || '=' || s.reset_val ~* '${UNSAFE}'`
}
