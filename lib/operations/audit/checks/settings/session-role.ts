import { ROLE_SETTINGS_SQL, SETTING_TARGET_SQL } from './role-settings.ts'
import type { Check } from '../../check.ts'

export const sessionRoleCheck: Check = {
  name: 'setting-role',
  severity: 'fatal',
  isAtStart: true,
  message: 'Sessions of the role begin as another one: the rights of that one are what counts.',
  sql: `
    select ${SETTING_TARGET_SQL} as object, 'alter ' || ${SETTING_TARGET_SQL} || ' reset ' || split_part(s.setting, '=', 1) as repair
    from ${ROLE_SETTINGS_SQL}
    where s.setting ~* '^(role|session_authorization)=.' and s.setting !~* '=none$'`
}
