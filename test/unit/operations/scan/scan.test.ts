import t from 'tap'
import { type CodeFinding, fixFiles, scanFiles } from '../../../../lib/operations/scan/index.ts'

const OPTIONS = { extensionsSchema: 'extensions', sharedSchema: 'shared' }

const fileOf = (text: string, name = 'deals.ts') => ({ path: `/service/${name}`, name, text })

async function scan (text: string, name?: string): Promise<readonly CodeFinding[]> {
  return await scanFiles([fileOf(text, name)], OPTIONS)
}

/** The rules that a text breaks, each with its line and column. */
async function found (text: string, name?: string): Promise<readonly string[]> {
  return (await scan(text, name)).map(({ rule, line, column }) => `${line}:${column} ${rule}`)
}

/** The first rule that one query breaks. */
async function ruleOf (query: string): Promise<string | undefined> {
  return (await scan(`await sql\`${query}\``))[0]?.rule
}

t.test('the scan of scripts', async (t) => {
  t.test('finds schemas in front of names, wherever SQL stands', async (t) => {
    t.same(await found('await sql`select d.id from zakops.deals d`'), ['1:28 schema-name'])
    t.same(await found('await app.sql<Deal[]>`\n  insert into "zakops" . deals (id) values (${id})`'), ['2:15 schema-name'])
    t.same(await found("await tx.unsafe('delete from zakops.deals')"), ['1:30 schema-name'])
    t.same(await found("const text = 'update zakops.deals set x = 1'"), ['1:22 schema-name'])
    t.same(await found("await pool.query('select ' + columns +\n  ' from zakops.deals')"), ['2:10 schema-name'])
    t.same(await found('await sql`${which} join zakops.deals d on true`'), ['1:25 schema-name'])
    t.same(await found('await sql`select zakops.deals.id, zakops.now() from deals`'), ['1:18 schema-name', '1:35 schema-name'])
    t.same(await found('const App = () => <p>{sql`select * from zakops.deals`}</p>', 'deals.tsx'), ['1:41 schema-name'])
    t.same(await found("module.exports = (db) => db.query('select * from zakops.deals')", 'deals.cjs'), ['1:50 schema-name'])
  })

  t.test('finds schemas that a library is told by name', async (t) => {
    t.same(await found("const crm = pgSchema('tenant_acme')"), ['1:22 schema-name'])
    t.same(await found("await db.withSchema('zakops').selectFrom('deals')"), ['1:21 schema-name'])
    t.same(await found("pgSchema(name); pgSchema(); pgSchema('shared'); pgSchema('extensions')\n// zakops-tenancy-ignore schema-name: of the reporting database\nknex.withSchema('reports')"), [])
  })

  t.test('is silent about columns, comments, strings, sentences and what may be named', async (t) => {
    for (const code of [
      'await sql`select d.id, excluded.x from deals d where d.title = ${\'zakops.deals\'}`',
      'await sql`select \'zakops.deals\' -- from zakops.deals\n from deals /* from zakops.deals */`',
      'await sql`insert into deals (id) values (1) on conflict (id) do update set title = excluded.title`',
      'await sql`select pg_catalog.now(), extensions.uuid(), i.x from information_schema.tables i join shared.plans p on true`',
      "const text = 'Choose a plan from zakops.com, or update zakops.deals in your browser'",
      "import x from 'zakops.deals'; t.equal('from zakops.deals', y)",
      'const css = styled`select from zakops`', 'await sql`update deals set role = ${role}`', "db.query('deals.list')"
    ]) t.same(await found(code), [], code)
  })

  t.test('finds paths, roles, settings and things made in public', async (t) => {
    const rows = {
      'set search_path to x': 'search-path',
      'SET LOCAL search_path = x': 'search-path',
      "select set_config('search_path', 'x', true)": 'search-path',
      'set role admin': 'set-role',
      'set local role admin': 'set-role',
      'reset role': 'set-role',
      'set session authorization admin': 'set-role',
      "select pg_catalog.set_config('role', 'x', true)": 'set-role',
      "set app.tenant_id = 'acme'": 'tenant-setting',
      "select set_config('app.tenant_id', 'acme', true)": 'tenant-setting',
      'select set_config(${name}, ${value}, true)': 'set-config',
      'create table public.deals (id text)': 'create-in-public',
      'create view zakops.x as select 1': 'schema-name',
      'create schema x': 'schema-name',
      "set statement_timeout = '1s'": undefined,
      'update deals set title = 1': undefined
    }
    for (const [query, rule] of Object.entries(rows)) t.equal(await ruleOf(query), rule, query)
  })

  t.test('finds connection strings, and says which are worst', async (t) => {
    const severity = async (code: string): Promise<string | undefined> => (await scan(code)).find(({ rule }) => rule === 'connection-string')?.severity
    t.equal(await severity("connect('postgres://me:hunter2@localhost/zakops')"), 'fatal')
    t.equal(await severity("connect('postgresql://db.example.com/zakops')"), 'fatal')
    t.equal(await severity('connect(`postgres://${user}:hunter2@${host}/zakops`)'), 'fatal')
    t.equal(await severity("connect(process.env.DATABASE_URL ?? 'postgres://localhost/zakops')"), 'warning')
    t.equal(await severity('connect(`postgres://${user}:${password}@${host}:${port}/${name}`)'), undefined)
    t.equal(await severity("connect({ host: 'db.example.com', database: 'zakops' })"), 'fatal')
    t.equal(await severity("connect({ host, user: 'me', password: 'hunter2' })"), 'fatal')
    t.equal(await severity("connect({ host: 'localhost', user: env.USER, password: env.PASSWORD }); listen({ host: '0.0.0.0', port: 1 }); login({ user, password: 'x' })"), undefined)
    t.equal(await severity("say('a URL such as postgres://…')"), undefined)
  })

  t.test('finds clients beside the plugin, and not their types', async (t) => {
    t.same(await found("import postgres from 'postgres'\nconst sql = postgres(url)"), ['2:13 raw-client'])
    t.same(await found("import pg, { Pool as P } from 'pg'\nnew P(); new pg.Client()"), ['2:1 raw-client', '2:10 raw-client'])
    t.same(await found("const { Pool } = require('pg'); new Pool()"), ['1:33 raw-client'])
    t.same(await found("import * as driver from 'pg'\nconst postgres = require('postgres'), { Client: C } = require('pg')\npostgres(url); new C(); new driver.Pool(); driver.Pool; new driver.Other()"), ['3:1 raw-client', '3:16 raw-client', '3:25 raw-client'])
    t.same(await found("const fs = require('node:fs'), x = require(name), [a] = require('pg'), y = other('pg'); fs(); x(); a(); (() => 1)()"), [])
    t.same(await found("import type { Sql } from 'postgres'\nimport postgres, { type X } from 'postgres'\npostgres.toPascal('x'); new Pool()"), [])
  })

  t.test('reads strings with escapes, and of pieces, as what they become', async (t) => {
    t.same(await found("sql.unsafe('select \\'x\\' from\\u0020zakops.deals \\x41 \\u{41} \\n')"), ['1:36 schema-name'])
    t.same(await found("sql.unsafe(('select * ' + 'from ') + ('zakops' + '.deals'))"), ['1:40 schema-name'])
    t.same(await found('sql.unsafe(1 + 2); sql.unsafe(); sql.unsafe(`${schema}`); (a + b).unsafe(/x/); call(-1 + x)'), [])
    t.same(await found('const o = { "host": "db.example.com", [key]: 1, ...rest, user: "me", \'password\': "" }'), ['1:21 connection-string'])
    t.same(await found('await tag.sql.deep`select * from zakops.deals`; await make()`select * from zakops.deals`'), ['1:34 schema-name', '1:76 schema-name'])
  })

  t.test('calls what it cannot read a fault', async (t) => {
    t.same(await found('const = ;'), ['1:1 file-unreadable'])
  })

  t.test('reads a text of many pieces in time', async (t) => {
    const code = `const text = ${Array.from({ length: 2_000 }, (_, at) => `'select ${at} from x.t where a = ' + b`).join(' + ')}`
    t.equal((await scan(code)).length, 2_000)
  })
})

t.test('the scan of SQL', async (t) => {
  t.test('finds the place in any statement of a file', async (t) => {
    t.same(await found("create table deals (id text);\n\ninsert into zakops.deals values (1);\nset role x;\nselect 'postgres://me:pw@db/x';", 'x.sql'),
      ['3:13 schema-name', '4:1 set-role', '5:9 connection-string'])
    t.same(await found('do $$\nbegin\n  update zakops.deals set x = 1;\nend $$', 'x.sql'), ['3:1 schema-name'])
  })

  t.test('finds settings and roles in the bodies of routines', async (t) => {
    const body = "begin\n  set local role admin;\n  perform set_config('app.tenant_id', 'acme', true);\n  if true then\n    reset role;\n  end if;\n  update deals set role = 'x';\n  set local search_path = x;\nend"
    const wanted = ['search-path', 'set-role', 'tenant-setting', 'set-role']
    for (const text of [`do $$ ${body} $$;`, `create function f() returns void language plpgsql as $f$ ${body} $f$;`, `create procedure f() language plpgsql as '${body.replaceAll("'", "''")}'`]) {
      const places = await found(text, 'x.sql')
      t.same(places.map((place) => place.replace(/^.* /, '')).toSorted(), wanted.toSorted(), text)
      t.ok(['2:1 set-role', '3:1 tenant-setting', '5:1 set-role'].every((place) => places.includes(place)), places.join())
    }
    t.same(await found("create function f() returns void language sql set role = 'none' as 'select 1'", 'x.sql'), [])
    t.same(await found("insert into texts values ('begin; set role x;')", 'x.sql'), [], 'a string is no body')
  })
})

t.test('an ignore comment', async (t) => {
  const ignore = 'zakops-tenancy-ignore schema-name'

  t.test('silences its rule for the statement below, or its own line', async (t) => {
    for (const code of [
      `// ${ignore}: the reporting copy\nconst rows = await sql\`\n  select * from reporting.deals\``,
      `await sql\`select * from reporting.deals\` // ${ignore}: the reporting copy`,
      `/* ${ignore}: the reporting copy */\nawait sql\`select * from reporting.deals\``,
      `await sql\`\n  -- ${ignore}: the reporting copy\n  select * from reporting.deals\``
    ]) t.same(await found(code), [], code)
    t.same(await found(`-- ${ignore}: the reporting copy\nselect 1\nfrom reporting.deals;`, 'x.sql'), [])
  })

  t.test('silences no other rule, and no other statement', async (t) => {
    t.same(await found(`// ${ignore}: because\nawait sql\`select * from a.b\`\nawait sql\`select * from a.b\``), ['3:25 schema-name'])
    t.same(await found(`// ${ignore}: because\nawait sql\`set role x\``), ['1:1 ignore-unused', '2:11 set-role'])
  })

  t.test('needs a reason, a rule that there is, and something to ignore', async (t) => {
    t.same(await found(`await sql\`select * from a.b\` // ${ignore}`), ['1:25 schema-name', '1:30 ignore-without-reason'])
    t.same(await found(`await sql\`select * from a.b\` // ${ignore}:  `), ['1:25 schema-name', '1:30 ignore-without-reason'])
    t.same(await found('// zakops-tenancy-ignore everything: because'), ['1:1 ignore-unknown-rule'])
    t.same(await found('// zakops-tenancy-ignore ignore-unused: because'), ['1:1 ignore-unknown-rule'])
    t.same(await found(`// ${ignore}: because\nconst one = 1`), ['1:1 ignore-unused'])
    t.same(await found(`await sql\`select * from a.b\`\n/* ${ignore}: because */`), ['1:25 schema-name', '2:1 ignore-unused'], 'the end of the file has no statement below')
    t.same(await found('// zakops-tenancy-ignore'), ['1:1 ignore-unknown-rule'])
    t.same(await found(`/* ${ignore}: */ await sql\`select * from a.b\``), ['1:1 ignore-without-reason', '1:66 schema-name'])
  })
})

t.test('a repair', async (t) => {
  async function fixed (text: string, names: readonly string[] = ['deals', 'approvals'], name?: string): Promise<string> {
    const file = fileOf(text, name)
    return fixFiles([file], await scanFiles([file], OPTIONS), new Set(names))[0]?.text ?? text
  }

  t.test('leaves schemas out of names that the tenant has, and changes nothing else', async (t) => {
    t.equal(await fixed('await sql`select zakops.deals.id from zakops . deals join "zakops"."approvals" a on true -- zakops.deals`'), 'await sql`select deals.id from deals join "approvals" a on true -- zakops.deals`')
    t.equal(await fixed("await sql.unsafe('select * from zakops.deals')"), "await sql.unsafe('select * from deals')")
  })

  t.test('is left to people where it may mean something else', async (t) => {
    for (const code of [
      'await sql`select * from zakops.reports`', 'await sql`create table zakops.deals (id text)`', "const text = 'select * from zakops.deals'",
      "await sql.unsafe('select * from zakops.' + 'deals')", "await sql`select nextval('zakops.deals')`", 'await sql`select * from ${schema}.deals`'
    ]) t.equal(await fixed(code), code, code)
    t.equal(await fixed('select * from zakops.deals', ['deals'], 'x.sql'), 'select * from zakops.deals', 'an applied migration must not change')
  })
})
