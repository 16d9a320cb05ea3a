import { isMemberSql } from '../words.ts'
import type { Check } from '../../check.ts'

export const namesTenantCheck: Check = {
  name: 'function-names-tenant',
  severity: 'warning',
  isAtStart: false,
  message: 'A function names the schema of a tenant that is not its own, or puts such a name together: for every other one it reads and writes there.',
  sql: `
    select f.oid::regprocedure as object, format('revoke execute on routine %s from %s, public', f.oid::regprocedure, m.name) as repair
    from pg_proc f join ns n on n.oid = f.pronamespace cross join me m
    where n.usable and has_function_privilege(f.oid, 'execute') and not ${isMemberSql('pg_proc', 'f.oid')}
      and (f.prosrc ~ 'tenant_[''%]' or (f.prosrc like '%tenant\\_%' and exists (select 1 from ns t where t.kind = 'tenant' and t.oid <> n.oid and strpos(f.prosrc, t.nspname) > 0))
        or exists (select 1 from pg_depend d join rel r on r.oid = d.refobjid where d.classid = 'pg_proc'::regclass and d.objid = f.oid
          and d.refclassid = 'pg_class'::regclass and r.kind = 'tenant' and r.relnamespace <> n.oid))`
}
