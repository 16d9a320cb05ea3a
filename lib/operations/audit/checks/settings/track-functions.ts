import { ROLE_SETTINGS_SQL, SETTING_TARGET_SQL } from './role-settings.ts'
import type { Check } from '../../check.ts'

export const trackFunctionsCheck: Check = {
  name: 'setting-track-functions',
  severity: 'warning',
  isAtStart: false,
  message: 'The server counts calls of functions, and everybody can read the counts: how much others do, and with what.',
  sql: `
    select ${SETTING_TARGET_SQL} as object, 'alter ' || ${SETTING_TARGET_SQL} || ' reset track_functions' as repair
    from ${ROLE_SETTINGS_SQL}
    where s.setting ~* '^track_functions=(pl|all)'
    union all
    select 'server', 'alter system reset track_functions; select pg_reload_conf()'
    from pg_settings s
    where s.name = 'track_functions' and s.reset_val <> 'none' and s.source not in ('user', 'database', 'database user')`
}
