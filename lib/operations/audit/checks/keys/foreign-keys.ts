import { TENANT_COLUMN, quoteLiteral } from '../../../../words/names.ts'

const column = quoteLiteral(TENANT_COLUMN)

/** The columns of the key on one side, without those that stand for the tenant on either side. */
const columnsSql = (side: 'own' | 'other'): string => `(select string_agg(quote_ident(${side}.attname), ', ' order by c.at)
  from unnest(k.conkey, k.confkey) with ordinality c (own, other, at)
  join pg_attribute own on own.attrelid = r.oid and own.attnum = c.own join pg_attribute other on other.attrelid = t.oid and other.attnum = c.other
  where own.attname <> ${column} and other.attname <> ${column})`

const actionSql = (words: string, column: string): string => `case k.${column}
  when 'c' then '${words} cascade' when 'r' then '${words} restrict' when 'n' then '${words} set null' when 'd' then '${words} set default' else '' end`

/** The foreign keys `k` from the table `r` to the shared table `t` of tenants that do not compare the tenant. */
export const KEYS_WITHOUT_TENANT_SQL = `pg_constraint k join rel r on r.oid = k.conrelid join rel t on t.oid = k.confrelid and t.attnum is not null and t.kind in ('shared', 'other')
  and k.contype = 'f' and k.conparentid = 0 and (r.attnum is null or not coalesce(array_position(k.conkey, r.attnum) = array_position(k.confkey, t.attnum), false))`

/** The SQL that makes such a key anew with the tenant, and the key that it refers to. */
export const WITH_TENANT_SQL = `case when r.attnum is null then format('alter table %s drop constraint %I', r.name, k.conname) else
  case when exists (select 1 from pg_index x where x.indrelid = t.oid and x.indisunique and x.indpred is null and x.indexprs is null
      and t.attnum = any (x.indkey) and x.indkey::int2[] @> k.confkey and array_length(x.indkey::int2[], 1) = array_length(array_remove(k.confkey, t.attnum), 1) + 1)
    then '' else format('alter table %s add unique (%I, %s); ', t.name, ${column}, ${columnsSql('other')}) end
  || format('alter table %1$s drop constraint %2$I, add constraint %2$I foreign key (%3$I, %4$s) references %5$s (%3$I, %6$s)', r.name, k.conname, ${column},
    ${columnsSql('own')}, t.name, ${columnsSql('other')}) || ${actionSql(' on delete', 'confdeltype')} || ${actionSql(' on update', 'confupdtype')} end`
