import type { Check } from '../../check.ts'

export const outsideSequenceCheck: Check = {
  name: 'sequence-outside',
  severity: 'warning',
  isAtStart: false,
  message: 'The keys of a table come from a sequence of another schema: what one tenant writes shows in the keys of the next (G-08).',
  // Sequences first: nobody may have analysed catalogs that have just become large.
  sql: `
    with drawn as materialized (
      select u.objid, s.relnamespace from pg_class s join pg_depend u on u.refclassid = 'pg_class'::regclass and u.refobjid = s.oid and u.classid = 'pg_attrdef'::regclass where s.relkind = 'S'
    )
    select format('%s.%I', r.name, a.attname) as object,
      format('create sequence %1$I.%2$I owned by %3$s.%4$I; alter table %3$s alter column %4$I set default nextval(%5$L); grant usage on sequence %1$I.%2$I to %6$s',
        r.nspname, left(r.relname || '_' || a.attname, 55) || '_own', r.name, a.attname, format('%I.%I', r.nspname, left(r.relname || '_' || a.attname, 55) || '_own'), (select m.name from me m)) as repair
    from drawn s join pg_attrdef d on d.oid = s.objid join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum join rel r on r.oid = d.adrelid
    where r.kind in ('tenant', 'shared') and s.relnamespace <> r.relnamespace`
}
