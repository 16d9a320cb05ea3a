import { isMemberSql } from '../words.ts'
import type { Check } from '../../check.ts'

export const plantedCheck: Check = {
  name: 'object-in-front',
  severity: 'warning',
  isAtStart: false,
  message: 'A function, operator or cast on the path of tenants takes the place of one of the server: SQL means something else than it says.',
  sql: `
    select f.oid::regprocedure::text as object, format('drop routine %s', f.oid::regprocedure) as repair
    from pg_proc f join ns n on n.oid = f.pronamespace
    where n.kind in ('tenant', 'shared', 'extensions') and not ${isMemberSql('pg_proc', 'f.oid')}
      and exists (select 1 from pg_proc s where s.proname = f.proname and s.pronamespace = 'pg_catalog'::regnamespace)
    union all
    select o.oid::regoperator::text, format('drop operator %s', o.oid::regoperator)
    from pg_operator o join ns n on n.oid = o.oprnamespace where n.usable and not ${isMemberSql('pg_operator', 'o.oid')}
    union all
    select format('cast from %s to %s', format_type(c.castsource, null), format_type(c.casttarget, null)), format('drop cast (%s as %s)', format_type(c.castsource, null), format_type(c.casttarget, null))
    from pg_cast c where c.oid >= 16384 and not ${isMemberSql('pg_cast', 'c.oid')}`
}
