import type { Check } from '../../check.ts'

// Those of Citus ask for themselves who calls.
export const extensionDefinerCheck: Check = {
  name: 'extension-definer',
  severity: 'warning',
  isAtStart: false,
  message: 'An extension has a SECURITY DEFINER function that the role may call: it runs with the rights of whoever installed it, mostly a superuser (R-04).',
  sql: `
    select format('%s of %s', f.oid::regprocedure, quote_ident(e.extname)) as object, format('revoke execute on routine %s from %s, public', f.oid::regprocedure, m.name) as repair
    from pg_proc f join pg_depend d on d.classid = 'pg_proc'::regclass and d.objid = f.oid and d.refclassid = 'pg_extension'::regclass and d.deptype = 'e'
    join pg_extension e on e.oid = d.refobjid cross join me m
    where f.prosecdef and e.extname !~ '^citus' and has_function_privilege(f.oid, 'execute') and has_schema_privilege(f.pronamespace, 'usage')`
}
