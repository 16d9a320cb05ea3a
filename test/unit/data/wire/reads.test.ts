import t from 'tap'
import { isRead } from '../../../../lib/data/wire/reads.ts'

t.test('isRead()', async (t) => {
  const reads = [
    'select * from deals where id = $1', ' /* a(b) */ SELECT 1', 'table deals', 'values (1), (2)', 'show search_path', 'select count(*), sum ( amount ) from deals group by (id)',
    "select 'insert_deal(1)', $$f(x)$$, \"a(b)\" from t -- f(x)", 'select x::numeric(10, 2), (1 + 2) * (3) from t', 'select pg_catalog.lower(name) from deals', 'select a in (1, 2), row_number() over (partition by (a)) from t',
    'select exists (select 1 from t where not (a and (b or c)))', 'select * from unnest($1::int[]) where a = any ($2)', 'select date_trunc(\'day\', at) from (select at from t) x', 'select count(*) filter (where a) from t order by (a)', "select E'x' || (a), B'1' = (b), a::character varying(3)", 'select 2*(3), $1+(4), a[(1)]'
  ]
  const others = [
    'insert into t values (1)', 'update t set a = 1', 'delete from t', 'with x as (delete from t returning a) select a from x', '(select f(1))', '', 'select f(1)', 'SELECT\tF (1)', 'select "lower"(1)',
    'select app.lower(1)', 'select pg_catalog.setval($1, 1)', 'values (f(1))', 'select * from f(1)', 'select * into copy from t', 'select a, (select f /* ? */ (a)) from t', 'select U&"f"(1)', 'call f(1)', 'explain analyze delete from t',
    'select "pg_catalog" . f(1)', 'select lower(f(1))', 'select größe(1)', 'select nextval($1)', 'select 😀(1)', 'select _f(1)', "select log('x')", "select next('invoice')", 'select sign(1)', 'select similarity(a, b)', 'select by(1)', 'select filter(1)', 'select a, over (1) from t',
    'select app.count(*) from t', 'select lower.f(1)', 'select t."f" (1)'
  ]
  for (const text of reads) t.ok(isRead(text), text)
  for (const text of others) t.notOk(isRead(text), text)
})
