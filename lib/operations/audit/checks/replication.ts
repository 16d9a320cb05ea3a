import type { Check } from '../check.ts'

export const replicationCheck: Check = {
  name: 'role-replication',
  severity: 'fatal',
  message: 'The role has REPLICATION: it can read every change of every tenant from the log, where no policy is.',
  sql: `
    select r.rolname::text as object, format('alter role %I noreplication', r.rolname) as repair
    from pg_roles r where r.rolname = current_user and r.rolreplication`
}
