import { CONTROL_SCHEMA, quoteLiteral } from '../../../../words/names.ts'
import { ROLE_SETTINGS_SQL, SETTING_TARGET_SQL, settingsOfSql } from './role-settings.ts'
import type { Check } from '../../check.ts'

const OWNER_SQL = `(select o.rolname from pg_namespace n join pg_roles o on o.oid = n.nspowner where n.nspname = ${quoteLiteral(CONTROL_SCHEMA)})`
const FOUND_SQL = `${SETTING_TARGET_SQL} as object, 'alter ' || ${SETTING_TARGET_SQL} || ' reset app.tenant_id' as repair`

// Of the owner it is no hole, and rows of a migration that names no tenant get this one's id.
export const tenantDefaultCheck: Check = {
  name: 'setting-tenant-default',
  severity: 'fatal',
  isAtStart: true,
  message: 'app.tenant_id is set for a role or a database: code without a tenant works as that one instead of as nobody (R-14).',
  sql: `
    select ${FOUND_SQL}, 'fatal' as severity
    from ${ROLE_SETTINGS_SQL}
    where s.setting ~* '^app[.]tenant_id=.'
    union all
    select ${FOUND_SQL}, 'warning' as severity
    from ${settingsOfSql(OWNER_SQL)}
    where s.rolname is not null and s.setting ~* '^app[.]tenant_id=.'`
}
