import t from 'tap'
import { statementsOf } from '../../../../lib/data/wire/sql-statements.ts'

t.test('statementsOf()', async (t) => {
  const texts: Readonly<Record<string, readonly string[]>> = {
    'select 1; select 2': ['select 1', ' select 2'],
    ' ; -- x;\n /* ; /* ; */ ; */ ;': [],
    "select ';', ';''', E'\\';', U&';' ; b": ["select ';', ';''', E'\\';', U&';' ", ' b'],
    "select E'a'\n'\\';' ; c": ["select E'a'\n'\\';' ", ' c'],
    'select "a;""b;" , U&";" ; d': ['select "a;""b;" , U&";" ', ' d'],
    'select $$;$$, $x$ ; $$ ; $x$, $1 ; e': ['select $$;$$, $x$ ; $$ ; $x$, $1 ', ' e'],
    "select B'1;', x';', n';', a$b, 1;f": ["select B'1;', x';', n';', a$b, 1", 'f'],
    "select 'no end ; x": ["select 'no end ; x"],
    'select /* no end ; x': ['select /* no end ; x'],
    'select $a$ no end ; x': ['select $a$ no end ; x'],
    'create function f() returns int begin atomic select 1; select 2; end; g': ['create function f() returns int begin atomic select 1; select 2; end', ' g'],
    'create or replace procedure p() begin atomic end; h': ['create or replace procedure p() begin atomic end', ' h'],
    'create rule r as on insert to t do also (delete from u; delete from v); i': ['create rule r as on insert to t do also (delete from u; delete from v)', ' i'],
    'select (1; commit)': ['select (1', ' commit)'],
    'create table begin (atomic int); j': ['create table begin (atomic int)', ' j']
  }
  for (const [text, statements] of Object.entries(texts)) t.test(JSON.stringify(text), async (t) => t.same(statementsOf(text), statements))

  t.test('takes a text of megabytes in one go', async (t) => {
    const started = performance.now()
    t.equal(statementsOf(`select '${'x;'.repeat(2_000_000)}'; ${'select 1; '.repeat(50_000)}`).length, 50_001)
    t.ok(performance.now() - started < 2_000)
  })
})
