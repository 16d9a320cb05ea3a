import { bypassesSql, isMemberSql } from '../words.ts'
import type { Check } from '../../check.ts'

// A function of a superuser is that of whoever migrates; a table of one has no policy that it asked for.
export const foreignOwnerCheck: Check = {
  name: 'table-owner',
  severity: 'warning',
  isAtStart: false,
  message: 'Another role than the owner of the schemas has a schema, table or function of tenants: it can switch policies off or change what code does, and no migration reaches it.',
  sql: `
    select r.name as object, format('alter %s %s owner to %s', case r.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' else 'table' end, r.name, p.owner) as repair
    from rel r cross join place p join ns n on n.oid = r.relnamespace
    where r.kind in ('tenant', 'shared', 'own', 'control') and r.relowner <> n.nspowner and r.relowner <> (select m.oid from me m)
      and not exists (select 1 from ns o where o.kind = 'control' and o.nspowner = r.relowner)
    union all
    select n.nspname, format('alter schema %s owner to %s', n.name, p.owner)
    from ns n cross join place p join ns o on o.kind = 'control'
    where n.kind in ('tenant', 'shared', 'own', 'extensions') and n.nspowner <> o.nspowner and n.nspowner <> (select m.oid from me m)
    union all
    select f.oid::regprocedure::text, format('alter routine %s owner to %s', f.oid::regprocedure, p.owner)
    from pg_proc f join ns n on n.oid = f.pronamespace cross join place p join ns o on o.kind = 'control'
    where n.kind in ('tenant', 'shared', 'own', 'control') and f.proowner not in (o.nspowner, (select m.oid from me m)) and not ${bypassesSql('f.proowner')} and not ${isMemberSql('pg_proc', 'f.oid')}`
}
