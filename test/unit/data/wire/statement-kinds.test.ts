import t from 'tap'
import { isExpectedTag, kindOfStatement, kindOfText, refusalOf as reasonOf } from '../../../../lib/data/wire/statement-kinds.ts'

const refusalOf = (text: string) => reasonOf(kindOfStatement(text), text, { mayControl: false, mayNotify: false })

t.test('kindOfStatement()', async (t) => {
  const allowed = [
    'select 1', 'SELECT 1', '(select 1)', 'with x as (select 1) select * from x', 'insert into t values (1)', 'update t set a = 1',
    'delete from t', 'merge into t using u on true when matched then do nothing', 'values (1)', 'table t', 'explain select 1', 'show x',
    'create table t (a int)', 'create or replace view v as select 1', 'create unique index i on t (a)', 'create temp table t (a int)', 'alter table t add b int', 'drop table t', 'truncate t', 'set local statement_timeout = 1',
    'set constraints all deferred', 'set transaction read only', 'SET /* */ LOCAL x = 1', '/* begin */ select 1', '-- commit\nselect 1'
  ]
  for (const text of allowed) t.test(`lets ${JSON.stringify(text)} through`, async (t) => t.equal(refusalOf(text), undefined))

  const refused: readonly (readonly [text: string, cure: RegExp])[] = [
    ['begin', /sql\.begin/], ['BEGIN', /sql\.begin/], ['start transaction', /sql\.begin/], ['commit', /sql\.begin/], ['end', /sql\.begin/],
    ['rollback', /sql\.begin/], ['abort', /sql\.begin/], ['commit and chain', /sql\.begin/], ['commit prepared \'x\'', /sql\.begin/],
    ['/*x*/ -- y\n commit', /sql\.begin/], [';commit', /sql\.begin/], ['rollback to s', /sql\.begin/],
    ['savepoint s', /tx\.savepoint/], ['release s', /tx\.savepoint/],
    ['set search_path = x', /set local/], ['set session app.tenant_id = \'b\'', /set local/], ['set role x', /set local/], ['set time zone 1', /set local/],
    ['reset all', /set local/], ['discard all', /set local/], ['load \'x\'', /set local/],
    ['prepare x as select 1', /statement itself/], ['prepare transaction \'x\'', /sql\.begin/], ['execute x', /statement itself/], ['deallocate x', /statement itself/],
    ['listen x', /sql\.listen/], ['notify x', /sql\.listen/], ['unlisten *', /sql\.listen/],
    ['select pg_notify(\'x\', \'y\')', /sql\.notify/], ['select pg_catalog . PG_Notify($1, $2)', /sql\.notify/], ['select pg_catalog."pg_notify"($1, $2)', /sql\.notify/],
    ['with x as (select pg_notify($1, $2)) select 1', /sql\.notify/], ['explain analyze select pg_notify($1, $2)', /sql\.notify/],
    ['create rule r as on insert to t do also select pg_notify(\'x\', \'\')', /sql\.notify/],
    ['select lo_get(1)', /bytea/], ['select "lo_import"(\'/etc/passwd\')', /bytea/], ['select loread(1, 2)', /bytea/], ['table pg_largeobject', /bytea/],
    ['do $$ begin end $$', /function with select/], ['call p()', /function with select/],
    ['declare c cursor for select 1', /\.cursor/], ['fetch all from c', /\.cursor/], ['copy t to \'/tmp/x\'', /readable/], ['copy t from program \'x\'', /readable/], ['explain execute x', /statement itself/],
    ['vacuum', /as the owner/], ['checkpoint', /as the owner/], ['reindex table t', /as the owner/],
    ['lock table t', /for update/], ['grant select on t to x', /as the owner/], ['revoke all on t from x', /as the owner/],
    ['alter role x password \'y\'', /as the owner/], ['alter user x set search_path = y', /as the owner/], ['create role x', /as the owner/],
    ['drop owned by x', /as the owner/], ['alter default privileges grant all on tables to public', /as the owner/], ['alter database x rename to y', /as the owner/],
    ['alter system set x = 1', /as the owner/], ['create extension x', /as the owner/], ['create schema x', /as the owner/], ['create publication x', /as the owner/],
    ['set local.x = \'y\'', /set local/], ['set transaction.x = \'y\'', /set local/], ['set constraints.x = \'y\'', /set local/],
    ['', /does not know/], ['something', /does not know/], ['selectcommit', /does not know/], ['/* select', /does not know/], ['"select"', /does not know/]
  ]
  for (const [text, cure] of refused) {
    t.test(`refuses ${JSON.stringify(text)} and says what to do`, async (t) => t.match(refusalOf(text), cure))
  }
})

t.test('isExpectedTag()', async (t) => {
  for (const tag of ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'EXPLAIN', 'SHOW', 'SET', 'SET CONSTRAINTS', 'CREATE TABLE', 'ALTER TABLE', 'DROP TABLE', 'TRUNCATE TABLE']) {
    t.test(`expects ${tag}`, async (t) => t.ok(isExpectedTag(tag)))
  }
  for (const tag of ['', 'BEGIN', 'START TRANSACTION', 'COMMIT', 'ROLLBACK', 'SAVEPOINT', 'RELEASE', 'PREPARE', 'PREPARE TRANSACTION', 'DEALLOCATE', 'DISCARD ALL', 'RESET', 'LISTEN', 'NOTIFY', 'DO', 'CALL', 'LOAD', 'DECLARE CURSOR', 'EXECUTE', 'LOCK TABLE', 'GRANT', 'REVOKE']) {
    t.test(`does not expect ${JSON.stringify(tag)}`, async (t) => t.notOk(isExpectedTag(tag)))
  }
})

t.test('what may share a connection', async (t) => {
  const plain = ['select 1', 'insert into t values (1)', 'with x as (insert into t values (1) returning *) select * from x', 'update t set a = 1', 'select nextval(\'s\')']
  for (const text of plain) t.test(`may: ${text}`, async (t) => t.same(kindOfStatement(text), { kind: 'plain' }))
  for (const text of ['select \'pg_notify\'', 'select 1 -- pg_notify']) t.test(`may: ${text}`, async (t) => t.same(kindOfStatement(text), { kind: 'plain' }))
  const alone = [
    'create function f() returns void language sql as $$ select pg_notify(\'x\', \'\') $$', 'select lo_number from t',
    'select set_config(\'a.b\', \'c\', false)', 'select pg_catalog.SET_CONFIG($1, $2, $3)', 'select pg_advisory_lock(1)', 'select pg_try_advisory_lock(1)', 'select lastval()', 'select currval(\'s\')',
    'select u&"\\0073et_config"(\'a.b\', \'c\', false)', 'select query_to_xml(\'select 1\', true, true, \'\')', 'select * into temp x from t', 'select * into x from t', 'select * from pg_listening_channels()',
    'create table t (a int)', 'truncate t', 'set local x = 1', 'copy t to stdout', 'COPY t FROM STDIN'
  ]
  for (const text of alone) t.test(`may not: ${text}`, async (t) => t.same(kindOfStatement(text), { kind: 'alone' }))
})

t.test('kindOfText()', async (t) => {
  t.test('takes several statements if each of them is allowed', async (t) => {
    t.same(kindOfText('select 1; select 2;'), { kind: 'alone' })
    t.same(kindOfText(' ; -- nothing\n /* at /* all */ */ ;'), { kind: 'empty' })
    for (const text of ['commit', 'begin', 'set transaction read only']) t.match(kindOfText(text), { kind: 'refused', reason: /sql\.begin/ })
    t.match(kindOfText('select 1; select pg_notify($1, $2)'), { kind: 'refused', reason: /sql\.notify/ })
    t.match(kindOfText('select 1; commit'), { kind: 'refused', reason: /sql\.begin/ })
    t.match(kindOfText('select \';\'; do $$ begin end $$'), { kind: 'refused', reason: /function with select/ })
    t.same(kindOfText('select \'; commit\', $$; commit;$$, ";commit" /* ; commit */'), { kind: 'alone' })
  })
})
