import type { Check } from '../../check.ts'

export const replicationCheck: Check = {
  name: 'role-replication',
  severity: 'fatal',
  isAtStart: true,
  message: 'The role has REPLICATION: it can read every change of every tenant from the log, where no policy is.',
  sql: `
    select m.rolname as object, format('alter role %s noreplication', m.name) as repair
    from me m join pg_roles r on r.oid = m.oid where r.rolreplication`
}
