import { bypassesSql } from '../words.ts'
import { READS_SQL } from './reads.ts'
import type { Check } from '../../check.ts'

const READS_OTHERS_SQL = `exists (select 1 from ${READS_SQL} where read.relrowsecurity or read.relnamespace <> r.relnamespace or read.relkind in ('v', 'm', 'f'))`

// What a superuser's view reads of the server itself, its catalogs or files, is no relation of anybody's schema.
export const viewCheck: Check = {
  name: 'view-owner-rights',
  severity: 'warning',
  isAtStart: true,
  message: 'A view runs with the rights of its owner: it shows what that one sees, not what the tenant may see (R-02).',
  sql: `
    select r.name as object, format('alter view %s set (security_invoker = true)', r.name) as repair,
      case when (${bypassesSql('r.relowner')} and ${READS_OTHERS_SQL})
        or exists (select 1 from ${READS_SQL} where read.relrowsecurity and not read.relforcerowsecurity and read.relowner = r.relowner) then 'fatal' else 'warning' end as severity
    from rel r
    where r.relkind = 'v' and r.kind <> 'own' and (r.readable or r.writable) and not coalesce(array_to_string(r.reloptions, ',') ~* 'security_invoker=(true|on|1|yes)', false)
      and (${bypassesSql('r.relowner')} or ${READS_OTHERS_SQL})`
}
