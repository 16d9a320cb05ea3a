import type { Check } from '../../check.ts'

export const sharedSequenceCheck: Check = {
  name: 'sequence-shared',
  severity: 'warning',
  isAtStart: false,
  message: 'The keys of a shared table, or what code takes from a sequence, are counted for all tenants together: each can tell from its own how much the others write (G-08).',
  sql: `
    select r.name || ': ' || s.relname as object, '-- give the column keys that tell nothing, such as default gen_random_uuid()' as repair
    from rel r join pg_class s on s.relnamespace = r.relnamespace and s.relkind = 'S'
    where r.kind = 'shared' and r.attnum is not null and r.relkind in ('r', 'p') and (
      exists (select 1 from pg_depend u where u.classid = 'pg_class'::regclass and u.objid = s.oid and u.refclassid = 'pg_class'::regclass and u.refobjid = r.oid and u.deptype in ('a', 'i'))
      or exists (select 1 from pg_attrdef d join pg_depend u on u.classid = 'pg_attrdef'::regclass and u.objid = d.oid
        where d.adrelid = r.oid and u.refclassid = 'pg_class'::regclass and u.refobjid = s.oid))
    union all
    select r.name, format('revoke usage on sequence %s from %s, public', r.name, m.name)
    from rel r cross join me m
    where r.kind in ('shared', 'other', 'extensions') and r.usable and case when r.relkind = 'S' then has_sequence_privilege(r.oid, 'usage') else false end and not exists (
      select 1 from pg_depend u where (u.classid = 'pg_class'::regclass and u.objid = r.oid and u.deptype in ('a', 'i'))
        or (u.classid = 'pg_attrdef'::regclass and u.refclassid = 'pg_class'::regclass and u.refobjid = r.oid))`
}
