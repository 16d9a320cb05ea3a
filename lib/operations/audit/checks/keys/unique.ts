import { TENANT_COLUMN, quoteLiteral } from '../../../../words/names.ts'
import type { Check } from '../../check.ts'

export const uniqueCheck: Check = {
  name: 'key-without-tenant',
  severity: 'warning',
  isAtStart: false,
  message: 'A key of a shared table leaves out the tenant: a value that is refused tells that another tenant has it (R-05).',
  sql: `
    select format('%s on %s', x.indexrelid::regclass, r.name) as object, case
      when k.contype = 'x' then format('-- compare "%I with =" in the exclusion constraint %I of %s', ${quoteLiteral(TENANT_COLUMN)}, k.conname, r.name)
      when k.contype is not null then format('alter table %s drop constraint %I, add constraint %I %s (%I, %s)', r.name, k.conname, k.conname,
        case k.contype when 'p' then 'primary key' else 'unique' end, ${quoteLiteral(TENANT_COLUMN)},
        (select string_agg(quote_ident(a.attname), ', ' order by c.at) from unnest(k.conkey) with ordinality c (attnum, at) join pg_attribute a on a.attrelid = r.oid and a.attnum = c.attnum))
      else format('drop index %s; %s', x.indexrelid::regclass, regexp_replace(pg_get_indexdef(x.indexrelid), ' USING (\\w+) [(]', ' USING \\1 (${TENANT_COLUMN}, ')) end as repair
    from pg_index x join rel r on r.oid = x.indrelid
    left join pg_constraint k on k.conindid = x.indexrelid and k.conrelid = x.indrelid and k.contype in ('p', 'u', 'x')
    where (x.indisunique or x.indisexclusion) and not r.child and r.attnum is not null
      and (not r.attnum = any ((x.indkey::int2[])[0:x.indnkeyatts - 1])
        or exists (select 1 from unnest(k.conkey, k.conexclop) e (attnum, op) join pg_operator o on o.oid = e.op where e.attnum = r.attnum and o.oprname <> '='))
      and (r.kind = 'shared' or (r.kind in ('other', 'extensions') and r.protected))`
}
