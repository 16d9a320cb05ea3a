import type { Check } from '../../check.ts'

export const parameterCheck: Check = {
  name: 'parameter-right',
  severity: 'warning',
  isAtStart: false,
  message: 'The role may set a parameter that is kept for superusers: some switch triggers and foreign keys off.',
  sql: `
    select p.parname as object, format('revoke set, alter system on parameter %I from %s, public', p.parname, m.name) as repair
    from pg_parameter_acl p cross join me m where has_parameter_privilege(m.oid, p.parname, 'set, alter system')`
}
