import type { Check } from '../check.ts'
import { ROLE_SETTINGS_SQL, SETTING_TARGET_SQL } from './role-settings.ts'

export const tenantDefaultCheck: Check = {
  name: 'setting-tenant-default',
  severity: 'fatal',
  message: 'app.tenant_id is set for a role or a database: code without a tenant works as that one instead of as nobody (R-14).',
  sql: `
    select ${SETTING_TARGET_SQL} as object, 'alter ' || ${SETTING_TARGET_SQL} || ' reset app.tenant_id' as repair
    from ${ROLE_SETTINGS_SQL}
    where s.setting ~* '^app[.]tenant_id='
    order by 1`
}
