import t from 'tap'
import { isExpectedTag, refusalOf } from '../../../../lib/data/wire/statement-kinds.ts'

t.test('refusalOf()', async (t) => {
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
    ['prepare x as select 1', /statement itself/], ['prepare transaction \'x\'', /statement itself/], ['execute x', /statement itself/], ['deallocate x', /statement itself/],
    ['listen x', /connection of your own/], ['notify x', /connection of your own/], ['unlisten *', /connection of your own/],
    ['do $$ begin end $$', /function with select/], ['call p()', /function with select/],
    ['declare c cursor for select 1', /by key/], ['fetch all from c', /by key/], ['copy t to stdout', /sql\(rows\)/],
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
  for (const tag of ['', 'BEGIN', 'START TRANSACTION', 'COMMIT', 'ROLLBACK', 'SAVEPOINT', 'RELEASE', 'PREPARE', 'PREPARE TRANSACTION', 'DEALLOCATE', 'DISCARD ALL', 'RESET', 'LISTEN', 'NOTIFY', 'DO', 'CALL', 'LOAD', 'DECLARE CURSOR', 'COPY', 'EXECUTE', 'LOCK TABLE', 'GRANT', 'REVOKE']) {
    t.test(`does not expect ${JSON.stringify(tag)}`, async (t) => t.notOk(isExpectedTag(tag)))
  }
})
