import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Sql } from 'postgres'
import t from 'tap'
import { type TenancyOptions, createTenancy, setUpDatabase } from '../../lib/index.ts'
import { SCRIPT, commandScene } from '../support/command-line.ts'
import { SIGNING } from '../support/signing.ts'
import { everyWay, seenEveryWay } from '../support/every-way.ts'
import { plainClient, testTenancy } from '../support/tenancy.ts'

const quiet = { info () {}, warn () {}, error () {} }
const bodies = (rows: Iterable<unknown>): unknown[] => [...rows].map((row) => Object(row).body)
const DENIED = { code: '42501' }
const SET_CONFIG = 'function pg_catalog.set_config(text, text, boolean)'
const role = (url: string) => ({ name: new URL(url).username, password: new URL(url).password })

/** By which of the two rights SQL of this role could change a setting, in the database of this client. */
async function rightsOf (sql: Sql, appUrl: string): Promise<readonly unknown[]> {
  const { name } = role(appUrl)
  const [row] = await sql`select has_function_privilege(${name}, 'pg_catalog.set_config(text, text, boolean)', 'execute') as calls, has_language_privilege(${name}, 'plpgsql', 'usage') as does`
  return [row?.['calls'], row?.['does']]
}

t.test('settings that are locked', async (t) => {
  const { sql, as, admin, adminUrl, ownerUrl, appUrl, documents } = await testTenancy(t, { isolation: 'rls', locked: true })
  const app = plainClient(t, appUrl)
  const open = async (options: TenancyOptions): Promise<Awaited<ReturnType<typeof createTenancy>>> => {
    const opened = await createTenancy({ mode: 'multi', database: appUrl, ownerDatabase: ownerUrl, log: quiet, ...options })
    t.teardown(() => opened.close())
    return opened
  }

  t.test('serve statements, transactions, texts, streams and cursors', async (t) => {
    for (const id of ['acme', 'globex']) {
      await as(id, async () => {
        t.same(await seenEveryWay(sql), everyWay(`secret of ${id}`))
        t.same(await sql.begin('read only', async (tx) => bodies(await tx`select body from docs`.simple())), [`secret of ${id}`])
        await t.rejects(sql`select 1; select 1 / 0`.simple(), { code: '22012' })
        t.same(bodies(await sql`select body from docs`), [`secret of ${id}`], 'behind one that fails')
      })
    }
  })

  t.test('are changed by no expression', async (t) => {
    for (const text of [
      "select set_config('app.tenant_id', 'globex', true)",
      "update pg_settings set setting = 'globex' where name = 'app.tenant_id'",
      "select body from docs where set_config('search_path', 'pg_catalog', true) is not null"
    ]) await t.rejects(as('acme', async () => await sql.unsafe(text)), DENIED, text)
    await t.rejects(app.unsafe("do $$ begin set local app.tenant_id = 'globex'; end $$"), DENIED, 'nor by a block of code, on whatever connection of the role')
  })

  t.test('are changed by no statement of a text, under whatever spelling', async (t) => {
    for (const set of [
      "set local app.tenant_id = 'globex'", "set local App.\"tenant_id\" to 'globex'", "SET LOCAL app . Tenant_ID = 'globex'",
      'set/**/local/**/app/**/./**/tenant_id = globex', "set local app.U&\"tenant\\005fid\" = 'globex'", "; set local app.tenant_id to 'globex'"
    ]) {
      const text = `select 1; ${set}; select body from docs`
      await t.rejects(as('acme', async () => await sql.unsafe(text).simple()), { code: 'FST_TENANCY_SQL_REFUSED' }, set)
      // The control: the server would do it.
      const answer = await app.unsafe(`set search_path = shared; begin; ${text}`)
      t.match(JSON.stringify(answer), 'secret of globex')
      await app.unsafe('rollback')
    }
    const answer = await as('acme', async () => await sql.unsafe("set local app.tenant = 'x'; select current_setting('app.tenant') as name").simple())
    t.match(JSON.stringify(answer), '{"name":"x"}', 'other settings are')
    t.match(await documents(), [{ tenant_id: 'acme', body: 'secret of acme' }, { tenant_id: 'globex', body: 'secret of globex' }])
  })

  t.test('are what a process has to be told of', async (t) => {
    await t.rejects(createTenancy({ mode: 'multi', database: appUrl, log: quiet }), { code: 'FST_TENANCY_SETTINGS_LOCKED' })
    await t.rejects(createTenancy({ mode: 'multi', database: appUrl, log: quiet, locked: true, signing: SIGNING }), { code: 'FST_TENANCY_OPTIONS_INVALID', message: /exclude/ })
  })

  t.test('are the same in a database of a tenant\'s own', async (t) => {
    const databasePrefix = `t${Math.random().toString(36).slice(2, 7)}_`
    const tenancy = await open({ adminDatabase: adminUrl, databasePrefix, locked: true, migrations: t.testdir({ '001-docs.sql': 'create table docs (id int primary key, body text)' }) })
    t.teardown(async () => {
      await tenancy.close()
      await admin.unsafe(`drop database if exists ${databasePrefix}own with (force)`)
    })
    await tenancy.provision({ id: 'own', isolation: 'database' })
    const there = Object.assign(new URL(adminUrl), { pathname: `/${databasePrefix}own` }).href
    const sql = plainClient(t, there)
    t.same(await rightsOf(sql, appUrl), [false, false])
    const useOwn = async (): Promise<void> => await tenancy.runWithTenant('own', async () => {
      t.same(bodies(await tenancy.sql`insert into docs values (1, 'mine') on conflict do nothing returning body`), ['mine'])
      await t.rejects(tenancy.sql`select set_config('app.tenant_id', 'acme', true)`, DENIED)
    })
    await sql.unsafe(`grant execute on ${SET_CONFIG} to public`)
    await t.rejects(useOwn(), { code: 'FST_TENANCY_ROLE_UNSAFE' }, 'one that was made before is refused when it is opened')
    await tenancy.provision({ id: 'own', isolation: 'database' })
    await useOwn()
  })

  t.test('can be unlocked, and locked again', async (t) => {
    const roles = { owner: role(ownerUrl), app: role(appUrl) }
    await setUpDatabase({ adminDatabase: adminUrl, ...roles })
    t.same(await rightsOf(admin, appUrl), [false, false], 'a set-up that says nothing of it leaves it')
    await admin.unsafe(`grant execute on ${SET_CONFIG} to public; grant usage on language plpgsql to public`)
    await t.rejects(open({ locked: true }), { code: 'FST_TENANCY_ROLE_UNSAFE', message: /set_config[^]*plpgsql/ }, 'a process that relies on it does not start')
    const plain = await open({})
    t.same(bodies(await plain.runWithTenant('acme', () => plain.sql`select body from docs`)), ['secret of acme'], 'the others do')
    for (const locked of [true, true]) await setUpDatabase({ adminDatabase: adminUrl, ...roles, locked })
    t.same(await rightsOf(admin, appUrl), [false, false])
    const again = await open({ locked: true })
    t.same(bodies(await again.runWithTenant('globex', () => again.sql`select body from docs`)), ['secret of globex'])
  })

  t.test('need a superuser when the database is set up', async (t) => {
    const database = new URL(adminUrl).pathname.slice(1)
    const name = `plain_${database}`
    await admin.unsafe(`create role ${name} login createrole password 'x'; alter database ${database} owner to ${name}`)
    t.teardown(async () => { await admin.unsafe(`alter database ${database} owner to current_user; drop owned by ${name} cascade; drop role if exists ${name}_app; drop role ${name}`) })
    const url = Object.assign(new URL(adminUrl), { username: name, password: 'x' }).href
    await admin.unsafe(`grant execute on ${SET_CONFIG} to public`)
    await t.rejects(setUpDatabase({ adminDatabase: url, owner: { name }, app: { name: `${name}_app` }, sharedSchema: 'other', locked: true }), { code: 'FST_TENANCY_ROLE_SETUP_FAILED', cause: { message: /superuser/ } })
  })
})

t.test('a service on the command line, locked from its first day', async (t) => {
  const scene = await commandScene(t, { 'docs.mjs': SCRIPT }, { isSetUp: false })
  const { admin, appUrl, cwd } = scene
  const does = async (...argv: readonly string[]) => await scene.run(argv, { env: { TENANT_LOCKED: 'true' } })

  t.test('is set up, migrated, compared and cloned', async (t) => {
    for (const argv of [['init', '--yes'], ['create', 'acme'], ['create', 'globex', '--isolation', 'rls']]) t.match(await does(...argv), { code: 0 }, argv.join(' '))
    for (const id of ['acme', 'globex']) t.match(await does('run', 'docs.mjs', '--tenant', id, '--', 'write'), { code: 0 })
    t.same(await rightsOf(admin, appUrl), [false, false])
    writeFileSync(join(cwd, 'migrations', '002-trigger.sql'), `
      create function touch() returns trigger language plpgsql as $$ begin new.body := upper(new.body); return new; end $$;
      create trigger touched before update on docs for each row execute function touch()`)
    for (const argv of [['migrate'], ['drift', '--check'], ['clone', 'acme', 'With-Odd_Name']]) t.match(await does(...argv), { code: 0 }, argv.join(' '))
    t.match(await admin`select body from "tenant_With-Odd_Name".docs`, [{ body: 'secret of acme' }])
  })

  t.test('is found in order by doctor, audit and verify, in both modes', async (t) => {
    for (const argv of [['doctor'], ['audit'], ['verify', '--only', 'connections']]) {
      const { code, out } = await does(...argv)
      t.equal(code, 0, `${argv.join(' ')}: ${out}`)
    }
    t.match(await does('claim', 'acme', '--yes'), { code: 0 })
    t.match(await scene.run(['verify'], { env: { TENANT_LOCKED: 'true', TENANT_MODE: 'single', TENANT_ID: 'acme' } }), { out: /acme is active, beside 2 others/ })
  })

  t.test('is not when the role can call set_config again, which the finding repairs', async (t) => {
    const app = new URL(appUrl).username
    await admin.unsafe(`grant execute on ${SET_CONFIG} to ${app}; create extension xml2; grant usage on language plpgsql to ${app}`)
    const found = JSON.parse((await does('audit', '--json')).out).findings.filter(({ check }: { readonly check: string }) => check === 'settings-unlocked')
    t.match(found, [{ severity: 'fatal', object: /xpath_table/ }, { object: /set_config/ }, { object: 'usage on language plpgsql' }])
    for (const { repair } of found) await admin.unsafe(repair)
    t.same(await rightsOf(admin, appUrl), [false, false])
    t.notMatch((await does('audit', '--json')).out, 'settings-unlocked')
  })
})
