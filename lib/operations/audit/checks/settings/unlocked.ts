import { openSettingsSql } from '../../../roles/index.ts'
import type { Check } from '../../check.ts'

// Only where the process relies on it.
export const unlockedCheck: Check = {
  name: 'settings-unlocked',
  severity: 'fatal',
  isAtStart: true,
  message: 'This process has the option locked, and the role can change settings inside of a statement: SQL can change the tenant (R-20).',
  sql: `
    select o.privilege as object, format('revoke %s from public, %s', o.privilege, m.name) as repair
    from me m cross join lateral (${openSettingsSql('m.oid')}) o`
}
