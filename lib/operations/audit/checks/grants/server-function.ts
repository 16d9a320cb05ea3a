import type { Check } from '../../check.ts'

// With a membership that one is the finding, and not each function that it brings.
export const serverFunctionCheck: Check = {
  name: 'server-function',
  severity: 'warning',
  isAtStart: false,
  message: 'The role may call a function of the server or of an extension that is kept from everybody by default: some read files, end sessions or show what others do.',
  sql: `
    select f.oid::regprocedure as object, format('revoke execute on function %s from %s, public', f.oid::regprocedure, m.name) as repair,
      case when f.proname ~ '^(pg_read_|pg_ls_|pg_stat_file|lo_import|lo_export|pg_logical_slot_)' then 'fatal' else 'warning' end as severity
    from pg_proc f cross join me m
    where f.proacl is not null
      and exists (select 1 from pg_init_privs i, aclexplode(i.initprivs) x where i.classoid = 'pg_proc'::regclass and i.objoid = f.oid)
      and not exists (select 1 from pg_init_privs i, aclexplode(i.initprivs) x where i.classoid = 'pg_proc'::regclass and i.objoid = f.oid and x.grantee in (0, m.oid))
      and not exists (select 1 from pg_auth_members a where a.member = m.oid)
      and has_function_privilege(m.oid, f.oid, 'execute')`
}
