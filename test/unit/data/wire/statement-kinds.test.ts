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
  const plain = ['select 1', 'insert into t values (1)', 'with x as (insert into t values (1) returning *) select * from x', 'update t set a = 1', 'select nextval(\'s\')', 'select lo_number from t']
  for (const text of plain) t.test(`may: ${text}`, async (t) => t.same(kindOfStatement(text), { kind: 'plain' }))
  for (const text of ['select \'pg_notify\'', 'select 1 -- pg_notify']) t.test(`may: ${text}`, async (t) => t.same(kindOfStatement(text), { kind: 'plain' }))
  const alone = [
    'create function f() returns void language sql as $$ select pg_notify(\'x\', \'\') $$',
    'select set_config(\'a.b\', \'c\', false)', 'select pg_catalog.SET_CONFIG($1, $2, $3)', 'select pg_advisory_lock(1)', 'select pg_try_advisory_lock(1)', 'select lastval()', 'select currval(\'s\')',
    'select query_to_xml(\'select 1\', true, true, \'\')', 'select * into temp x from t', 'select * from pg_listening_channels()',
    'create table t (a int)', 'truncate t', 'set local x = 1', 'copy t to stdout', 'COPY t FROM STDIN'
  ]
  for (const text of alone) t.test(`may not: ${text}`, async (t) => t.same(kindOfStatement(text), { kind: 'alone' }))
})

t.test('what a hostile text is taken for', async (t) => {
  const { raw } = String
  const attacks: readonly (readonly [why: string, text: string, kind: string])[] = [
    ['blanks of every kind, and only those of PostgreSQL', '\t\n\r\f\v commit', 'control'],
    ['a no-break space is a letter', '\u00A0commit', 'refused'],
    ['a byte order mark is a letter', '\uFEFFcommit', 'refused'],
    ['a Kelvin sign is no K', 'rollbac\u212A', 'control'],
    ['comments nest', '/* /* */ select */ commit', 'control'],
    ['a comment of one line ends with a return too', '-- select\rcommit', 'control'],
    ['a comment that hides the end of another', '/*--*/commit', 'control'],
    ['a quoted word is a name', '"select" 1', 'refused'],
    ['an escaped word is a name', raw`U&"\0073elect" 1`, 'refused'],
    ['empty statements in front', ';;/**/;abort', 'control'],
    ['brackets in front', '((commit', 'control'],
    ['BEGIN ATOMIC is no statement', 'begin atomic select 1; end', 'control'],
    ['a transaction that outlives its connection', 'prepare transaction \'x\'', 'refused'],
    ['the same, ended by whoever knows its name', 'rollback /**/ prepared \'x\'', 'refused'],
    ['the mode of the session looks like that of the transaction', 'set session characteristics as transaction read only', 'refused'],
    ['the same inside SET LOCAL', 'set local session characteristics as transaction read only', 'refused'],
    ['the role as if it were local', 'set local role x', 'refused'],
    ['the setting of the tenant', 'set local app.tenant_id = x', 'refused'],
    ['the same in another spelling', 'SET LOCAL APP /**/ . "tenant_id" to x', 'refused'],
    ['another setting of the application', 'set local app.tenant_ids = x', 'alone'],
    ['a setting with an escaped name', raw`set local U&"r\006fle" = x`, 'refused'],
    ['a setting with a quoted name', 'set local "role" = x', 'refused'],
    ['a session setting named like the word LOCAL', 'set local . x = 1', 'refused'],
    ['a prepared statement in a table', 'create table x as execute y', 'refused'],
    ['the same with everything between', 'create temp table if not exists x (a) with (fillfactor = 10) on commit drop as /* */ execute y (1)', 'refused'],
    ['EXPLAIN runs it', 'explain (analyze, verbose) execute x', 'refused'],
    ['also behind an empty statement', '; explain analyze execute x', 'refused'],
    ['EXPLAIN of a cursor', 'explain declare c cursor with hold for select 1', 'refused'],
    ['EXPLAIN makes a temporary table', 'explain analyze create temp table x as select 1', 'alone'],
    ['a temporary table out of a select', 'select * into temporary x from t', 'alone'],
    ['the same, with a column that is named like INSERT', 'select insert into temp x from t', 'alone'],
    ['the same, local', 'select * into local temp x from t', 'alone'],
    ['a setting by an update of a view', 'update pg_settings set setting = \'on\' where name = \'default_transaction_read_only\'', 'alone'],
    ['the same in a WITH, quoted', 'with x as (select 1) update "pg_catalog"."pg_settings" set setting = \'off\'', 'alone'],
    ['the threshold of another\'s search', 'select set_limit(0.01)', 'alone'],
    ['the random numbers of whoever is next', 'select setseed(0.5)', 'alone'],
    ['a name in other letters', 'select SET_CONFIG(\'a.b\', \'c\', false)', 'alone'],
    ['a name in parts', 'select pg_catalog /* */ . "set_config" (\'a.b\', \'c\', false)', 'alone'],
    ['an escaped name', raw`select u&"\0073et_config"('a.b', 'c', false)`, 'refused'],
    ['a text that a function executes', 'select query_to_xml(\'select set\' || \'_config(1, 2, false)\', true, true, \'\')', 'alone'],
    ['a large object (G-05)', 'select lo_from_bytea(0, \'x\')', 'refused'],
    ['the same in a COPY', 'copy (select loread(lo_open(1, 1), 1)) to stdout', 'refused'],
    ['another session (G-07)', 'select pg_terminate_backend(pid) from pg_stat_activity', 'refused'],
    ['the same, quoted and in parts', 'select pg_catalog . "pg_cancel_backend" /* */ (1)', 'refused'],
    ['the SQL of every tenant on the connection', 'select statement from pg_prepared_statements', 'refused'],
    ['connections that stay in the session', 'select * from dblink(\'x\', \'select 1\') as t (a int)', 'refused'],
    ['a file of the server, with a comment', 'copy t to \'/tmp/x\' /* to stdout */', 'refused'],
    ['a file of the server, with a string', 'copy t from \'/tmp/x\' with (null \'from stdin\')', 'refused'],
    ['a file of the server, and a table named like the client', 'copy (select a from stdin) to \'/tmp/x\'', 'refused'],
    ['a program of the server', 'copy t from program \'to stdout\'', 'refused'],
    ['a program behind a comment', 'copy t to/**/program \'x\'', 'refused'],
    ['rights of the server', 'security label on table t is \'x\'', 'refused'],
    ['whatever a role owns', 'reassign owned by x to y', 'refused'],
    ['what the list does not name', 'import foreign schema x from server y into z', 'refused']
  ]
  for (const [why, text, kind] of attacks) t.test(`${why}: ${JSON.stringify(text)}`, async (t) => t.equal(kindOfStatement(text).kind, kind))

  const harmless = [
    'select temperature, template, temp from t', 'insert into temperatures (temp) values ($1)', 'select \'we went into temp rooms\'', 'select \'pg_terminate_backend\'',
    '-- do not use dblink here\nselect 1', 'select prepared from t', 'table prepared', 'explain select \'execute\'', 'select lo_price from t', 'select "into" from t', 'select pg_backend_pid()'
  ]
  for (const text of harmless) t.test(`is not: ${text}`, async (t) => t.same(kindOfStatement(text), { kind: 'plain' }))

  for (const text of ['copy t /**/ from /**/ stdin', 'copy "to" (a, b) from stdin (format csv)', 'copy (select a from t) to STDOUT']) {
    t.test(`is the client's own: ${text}`, async (t) => t.same(kindOfStatement(text), { kind: 'alone' }))
  }
})

t.test('a text of 200 kilobytes', async (t) => {
  const parts = [
    "E'' '' ", "E'\\", "E'a'\n'b'", "'a' ", '/*', '/* */', '*/', '--', '--\n', '"', '"a" ', '$a', '$a$', '$a$b', '$$', '$1', ';', '(', ')', 'a ', 'insert ', 'insert   into ', 'from ',
    'explain ', 'execute ', 'u&"', 'U&\'', 'lo_', 'temp ', 'into temp ', '. ', '/ * - ', '\n', '\u00e9', '1e', 'as execute'
  ]
  for (const part of parts) {
    t.test(`of ${JSON.stringify(part)} is read in linear time`, async (t) => {
      const text = part.repeat(200_000 / part.length)
      const started = process.cpuUsage()
      for (const front of ['select ', 'explain ', 'create function ', 'copy ', 'select u&"" , ', '']) kindOfStatement(front + text)
      kindOfText(`select ${text}`)
      const { user } = process.cpuUsage(started)
      t.ok(user < 1_500_000, `${Math.round(user / 1_000)} ms for seven`)
    })
  }
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
