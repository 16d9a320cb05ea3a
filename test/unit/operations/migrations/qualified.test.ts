import t from 'tap'
import { findSchemaName } from '../../../../lib/operations/migrations/qualified.ts'

const ALLOWED = { everywhere: new Set(['pg_catalog', 'information_schema', 'extensions']), readable: new Set(['shared']) }

const find = (sql: string) => findSchemaName(sql, ALLOWED)

t.test('findSchemaName()', async (t) => {
  t.test('finds a schema wherever a table, type or routine is named', async (t) => {
    for (const sql of [
      'select * from public.deals', 'select * from "tenant_acme"."deals"', 'select * from deals d, other . deals o', 'select * from only other.deals',
      'select 1 from deals d join other.notes n on n.id = d.id', 'insert into other.deals (id) values (1)', 'update other.deals set id = 1', 'update only other.deals set id = 1',
      'delete from other.deals', 'delete from deals using other.notes n where n.id = deals.id', 'truncate other.deals', 'truncate deals, other.notes', 'lock table other.deals',
      'create table other.deals (id int)', 'create table if not exists other.deals (id int)', 'create table deals (id int references other.notes (id))',
      'create table deals (like other.deals including all)', 'create table deals (id int, kind other.kind)', 'create table deals (id int) inherits (other.deals)',
      'create table part partition of other.deals for values in (1)', 'alter table deals attach partition other.part default', 'create table copy as select * from other.deals',
      'alter table other.deals add column x int', 'alter table deals alter kind type other.kind', 'drop table if exists notes, other.deals', 'drop table deals; ', 'drop index concurrently other.i',
      'create unique index if not exists i on other.deals (id)', 'create trigger t before insert on other.deals for each row execute function f()', 'drop policy p on other.deals',
      'create trigger t before insert on deals for each row execute function other.f()', 'grant select on deals, other.notes to app', 'create rule r as on delete to other.deals do instead nothing',
      'create view v as select * from other.deals', 'create function other.f() returns int language sql as $$ select 1 $$', 'create function f() returns other.kind language sql as $$ select 1 $$',
      'create function f() returns setof other.deals language sql as $$ select 1 $$', "select 'x'::other.kind", "select cast('x' as other.kind)", 'select other.f(1)', 'select other.f (1)',
      'select other.deals.id from deals', 'select other.deals.* from deals', 'select a collate other.c from deals', "select nextval('other.deals_id_seq')", "create table deals (id int default nextval('other.s'::regclass))",
      "select 'other.deals'::regclass", 'select * from deals where id in (select id from other.notes)', 'with n as (delete from other.notes returning *) select * from n',
      'merge into deals d using other.notes n on n.id = d.id when matched then delete', 'comment on table other.deals is $$x$$', 'alter sequence s owned by other.deals.id',
      'create function f() returns void language plpgsql as $$ begin insert into other.deals values (1); end $$', 'do $$ begin perform other.f(); end $$', "create function f() returns int language sql as 'select 1 from other.deals'",
      'create function f() returns int language sql begin atomic select count(*) from other.deals; end'
    ].filter((sql) => sql !== 'drop table deals; ')) t.match(find(sql), { what: 'name' }, sql)
  })

  t.test('takes columns, aliases, variables and allowed schemas for what they are', async (t) => {
    for (const sql of [
      'select d.id, d."Title", d.* from deals d where d.id = any (array[1]) order by d.id, d.title', 'select d.type, type, d.id from deals d', 'select distinct on (d.id) d.id from deals d',
      'select 1 from deals d join notes n on n.id = d.id and n.x is distinct from d.x', 'select 1 from deals d left join notes n using (id), jsonb_each(d.data) e where n.a not in (e.key)',
      'select extract(epoch from d.created_at), trim(both from d.title), substring(d.title from d.n) from deals d', 'select * from deals d cross join lateral unnest(d.tags) tag',
      'select sum(d.amount) over (partition by d.stage order by d.id rows 1 preceding) from deals d', 'update deals d set title = n.title from notes n where n.id = d.id',
      'insert into deals as d (id) values (1) on conflict (id) do update set title = excluded.title where d.title is not distinct from excluded.title', 'delete from deals d using notes n where n.id = d.id',
      'select * from deals d for update of d', 'select case when d.a then d.b else d.c end from deals d', "select pg_catalog.now(), extensions.gen_random_uuid(), now()::pg_catalog.text, 'a.b.c', E'from other.deals', $$from other.deals$$",
      'create table deals (id extensions.citext, price numeric(10,2) default 1.5, check (price > 0.5), constraint c unique (id))', 'select 1.5, .5, 1e5', 'select -- from other.deals\n 1 /* from other.deals */',
      "select nextval('deals_id_seq'), 'deals'::regclass, currval('\"Odd.Name\"')", 'alter sequence s owned by deals.id', 'create index on deals (lower(title)) where deals.id > 1', 'comment on column deals.id is $$x$$',
      'create trigger t after update of title on deals for each row when (old.title is distinct from new.title) execute function note()', 'grant select on deals to app',
      'create function f() returns trigger language plpgsql as $$ declare r deals; begin new.note := old.note; select d.id into new.id from deals d; for r in select * from deals loop perform note(r.id); end loop; if new.a and not old.b then r.a.b := 1; end if; return new; end $$',
      'create policy p on deals using (deals.id = (select n.id from notes n))', 'select (d.address).city, (select max(n.id) from notes n) from deals d', "update settings set schema = 'x'", 'alter table settings add column schema text',
      'create table t (schema text, search_path text)', 'select search_path, schema from settings', 'select * from information_schema.tables', 'create domain d as extensions.citext', 'create type pair as (a int, b text)',
      'select count(*) filter (where d.a) from deals d group by d.b, d.c having d.b > 1 limit 1', 'select a.x from a union select b.y from b order by 1', 'values (1, 2)', 'create view v as select d.id, d.title from deals d',
      'create table deals (country text references shared.countries (code))', 'select * from deals d join shared.countries c on c.code = d.country', 'select * from deals, shared.countries', 'select shared.f(1)', "select 'EU'::shared.region",
      'create extension if not exists pgcrypto schema extensions', 'create function f() returns int language sql set search_path = pg_catalog, pg_temp as $$ select 1 $$', "alter function f() set search_path to ''", 'create function f() returns int language sql set search_path from current as $$ select 1 $$'
    ]) t.equal(find(sql), undefined, sql)
  })

  t.test('lets nothing be made or changed in a schema that is there to be read', async (t) => {
    for (const sql of ['create table shared.x (id int)', 'insert into shared.countries values (1)', 'update shared.countries set a = 1', 'delete from shared.countries', 'drop table shared.countries', 'alter table shared.countries add a int',
      'create index on shared.countries (code)', 'truncate shared.countries', 'create function shared.f() returns int language sql as $$ select 1 $$', 'do $$ begin delete from shared.countries; end $$']) t.match(find(sql), { what: 'name' }, sql)
  })

  t.test('finds what changes the search path, and what names a schema itself', async (t) => {
    for (const sql of ['set search_path to other', 'set local search_path = other', 'reset search_path', 'SET SESSION "search_path" = x', "select set_config('search_path', 'x', true)", "do $$ begin perform pg_catalog.set_config('SEARCH_PATH', 'x', true); end $$",
      'do $$ begin set local search_path = other; end $$', 'alter function f() set search_path = other', 'create function f() returns int language sql set search_path = pg_catalog, other as $$ select 1 $$']) t.match(find(sql), { what: 'path' }, sql)
    for (const sql of ['create schema other', 'drop schema "other" cascade', 'alter schema other rename to x', 'alter table deals set schema other', "set schema 'other'", 'grant select on all tables in schema other to app']) t.match(find(sql), { what: 'schema' }, sql)
  })

  t.test('counts the lines in front of it, in bodies too', async (t) => {
    t.match(find('select 1\n  from deals d\n  join /* \n */ other.notes n on true'), { line: 3 })
    t.match(find('do $$\nbegin\n  perform other.f();\nend $$'), { line: 2 })
  })
})
