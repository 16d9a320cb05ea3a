import type { Check } from '../../check.ts'

export const functionAcrossCheck: Check = {
  name: 'function-across',
  severity: 'warning',
  isAtStart: false,
  message: 'A table or view calls a function in the schema of another tenant: what that reads and writes by the names of its schema is that tenant\'s.',
  sql: `
    select format('%s on %s', f.oid::regprocedure, r.name) as object, case d.classid
      when 'pg_trigger'::regclass then (select format('drop trigger %I on %s', t.tgname, r.name) from pg_trigger t where t.oid = d.objid)
      when 'pg_attrdef'::regclass then (select format('alter table %s alter column %I drop default', r.name, a.attname) from pg_attrdef v join pg_attribute a on a.attrelid = v.adrelid and a.attnum = v.adnum where v.oid = d.objid)
      when 'pg_constraint'::regclass then (select format('alter table %s drop constraint %I', r.name, k.conname) from pg_constraint k where k.oid = d.objid)
      else format('-- let what %s calls be a function of its own schema', r.name) end as repair
    from pg_proc f join ns n on n.oid = f.pronamespace and n.kind = 'tenant' join pg_depend d on d.refclassid = 'pg_proc'::regclass and d.refobjid = f.oid
    join rel r on r.relnamespace <> n.oid and r.oid = case d.classid
      when 'pg_trigger'::regclass then (select t.tgrelid from pg_trigger t where t.oid = d.objid)
      when 'pg_attrdef'::regclass then (select v.adrelid from pg_attrdef v where v.oid = d.objid)
      when 'pg_constraint'::regclass then (select k.conrelid from pg_constraint k where k.oid = d.objid)
      when 'pg_policy'::regclass then (select o.polrelid from pg_policy o where o.oid = d.objid)
      when 'pg_rewrite'::regclass then (select w.ev_class from pg_rewrite w where w.oid = d.objid) end`
}
