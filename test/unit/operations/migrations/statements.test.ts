import t from 'tap'
import { refusalOf } from '../../../../lib/operations/migrations/refusals.ts'
import { splitStatements } from '../../../../lib/operations/migrations/statements.ts'

const textsOf = (sql: string) => splitStatements(sql).map(({ text }) => text.trim())

t.test('splitStatements()', async (t) => {
  t.test('ends a statement at its semicolon, and drops empty ones', async (t) => {
    t.same(textsOf("select ';'; ; -- nothing\n; select (1); /* x */"), ["select ';'", 'select (1)'])
  })

  t.test('keeps the body of a routine together', async (t) => {
    const routine = 'create or replace procedure p() begin atomic select case when true then 1 end; select 2; end'
    t.same(textsOf(`${routine}; select 3`), [routine, 'select 3'])
    t.same(textsOf('create rule r as on delete to d do instead (select 1; select 2); select 3').length, 2)
  })

  t.test('gives the words outside brackets, strings and comments', async (t) => {
    t.same(splitStatements('/* commit */ INSERT Into deals (id) values (commit)')[0]?.words, ['insert', 'into', 'deals', 'values'])
  })
})

t.test('refusalOf()', async (t) => {
  const refused = (sql: string) => splitStatements(sql).some((statement) => refusalOf(statement, { extensionsSchema: 'ext' }) !== undefined)

  t.test('refuses transaction control in any spelling', async (t) => {
    for (const sql of ['BEGIN', 'Start Transaction', 'commit', 'END', 'rollback', 'abort', 'savepoint a', 'release a', "prepare transaction 'a'",
      'select 1; commit', '/* */commit', '--\ncommit', "select E'\\''; commit", 'select $a$;$a$; commit', "select 'a\\'; commit"]) t.ok(refused(sql), sql)
  })

  t.test('refuses what would take the role or wait for the driver', async (t) => {
    for (const sql of ['copy deals from stdin', 'copy deals to stdout', 'set role x', 'set local session authorization x', 'reset role']) t.ok(refused(sql), sql)
  })

  t.test('refuses an extension that other tenants could not use, or could not make again', async (t) => {
    for (const sql of ['create extension citext', 'CREATE EXTENSION IF NOT EXISTS "uuid-ossp"', 'create extension if not exists citext schema extensions',
      'create extension citext schema ext', 'create extension if not exists citext schema "EXT"', 'create extension if not exists citext -- schema "ext"']) t.ok(refused(sql), sql)
    for (const sql of ['create extension if not exists citext schema ext', 'Create Extension If Not Exists "uuid-ossp" With Schema "ext" Version \'1.1\'',
      'drop extension citext', 'comment on extension citext is null']) t.notOk(refused(sql), sql)
  })

  t.test('lets everything else pass', async (t) => {
    for (const sql of ["select 'commit'", 'select "commit"', '-- commit', 'prepare p as select 1', 'create function f() returns int begin atomic select 1; end',
      'do $$ begin commit; end $$', "copy deals from '/x'", 'set local work_mem = 1', 'alter table deals add "begin" int', '']) t.notOk(refused(sql), sql)
  })
})
