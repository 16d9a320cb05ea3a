import type { Check } from '../../check.ts'

// What has a check of its own is not told twice. Rights for objects to come and log-ins elsewhere are the role's own.
export const ownedObjectCheck: Check = {
  name: 'role-owns-object',
  severity: 'warning',
  isAtStart: false,
  message: 'The role owns a type, domain, operator, extension or the like: it can change what it means, or drop it from under the tables of all tenants.',
  sql: `
    select o.type || ' ' || o.identity as object, format('alter %s %s owner to %s', o.type, o.identity, p.owner) as repair
    from pg_shdepend d join me m on m.oid = d.refobjid cross join place p cross join lateral pg_identify_object(d.classid, d.objid, d.objsubid) o
    where d.refclassid = 'pg_authid'::regclass and d.deptype = 'o' and d.dbid = (select b.oid from pg_database b where b.datname = current_database()) and o.identity is not null
      and d.classid not in ('pg_class'::regclass, 'pg_namespace'::regclass, 'pg_proc'::regclass, 'pg_largeobject'::regclass, 'pg_default_acl'::regclass,
        'pg_user_mapping'::regclass, 'pg_publication'::regclass, 'pg_subscription'::regclass, 'pg_foreign_server'::regclass, 'pg_foreign_data_wrapper'::regclass)`
}
