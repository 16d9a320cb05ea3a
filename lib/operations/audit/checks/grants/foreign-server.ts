import type { Check } from '../../check.ts'

export const foreignServerCheck: Check = {
  name: 'foreign-server',
  severity: 'warning',
  isAtStart: false,
  message: 'The role may use a foreign server: what is behind it is held by no policy of this database (R-03).',
  sql: `
    select s.srvname as object, format('revoke usage on foreign server %I from %s, public', s.srvname, m.name) as repair
    from pg_foreign_server s cross join me m where has_server_privilege(m.oid, s.oid, 'usage')
    union all
    select w.fdwname, format('revoke usage on foreign data wrapper %I from %s, public', w.fdwname, m.name)
    from pg_foreign_data_wrapper w cross join me m where has_foreign_data_wrapper_privilege(m.oid, w.oid, 'usage')`
}
