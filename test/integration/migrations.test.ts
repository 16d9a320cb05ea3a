import t from 'tap'
import postgres from 'postgres'
import { migrateTenants } from '../../lib/operations/fleet/index.ts'
import { provision } from '../../lib/operations/provisioning/index.ts'
import { DEALS, SHARED_DEALS, operationsScene } from '../support/operations.ts'

t.test('migrateTenants()', async (t) => {
  t.test('brings every tenant up to date, each as itself', async (t) => {
    const { configOf, admin } = await operationsScene(t)
    const files = { '001_deals.sql': `${DEALS} insert into deals values (1, 'first');` }
    for (const id of ['globex', 'acme']) await provision(configOf(files), { id })
    const config = configOf({ ...files, '002_stage.sql': "alter table deals add stage text; update deals set stage = 'of ' || tenant_id; alter table deals alter stage set not null" })
    t.match(await migrateTenants(config), {
      results: [{ tenantId: 'acme', applied: ['002_stage.sql'] }, { tenantId: 'globex', applied: ['002_stage.sql'] }],
      failed: 0
    })
    t.same([...await admin`select stage from "tenant_acme".deals union all select stage from "tenant_globex".deals`], [{ stage: 'of acme' }, { stage: 'of globex' }])
    t.match(await migrateTenants(config), { results: [{ tenantId: 'acme', applied: [] }, { tenantId: 'globex', applied: [] }], failed: 0 })
  })

  t.test('protects a table that came later', async (t) => {
    const { configOf, asApp } = await operationsScene(t)
    const files = { '001_deals.sql': DEALS }
    for (const id of ['acme', 'globex']) await provision(configOf(files), { id })
    await migrateTenants(configOf({ ...files, '002_approvals.sql': "create table approvals (note text); insert into approvals values ('x')" }))
    t.equal((await asApp('acme', 'tenant_acme', 'select note from approvals')).length, 1)
    t.equal((await asApp('acme', 'tenant_globex', 'select note from approvals')).length, 0)
  })

  t.test('reports a tenant that fails, leaves it as it was and goes on', async (t) => {
    const { configOf, asApp, admin } = await operationsScene(t)
    const files = { '001_deals.sql': DEALS }
    for (const id of ['acme', 'globex', 'initech']) await provision(configOf(files), { id })
    await asApp('globex', 'tenant_globex', "insert into deals (id, title) values (1, 'twice'), (2, 'twice')")
    const { results, failed } = await migrateTenants(configOf({ ...files, '002_new.sql': 'create table approvals (id int)', '003_unique.sql': 'create unique index on deals (title)' }))
    t.match(results, [
      { tenantId: 'acme', applied: ['002_new.sql', '003_unique.sql'] },
      { tenantId: 'globex', applied: [], error: { code: 'FST_TENANCY_MIGRATION_FAILED', cause: { code: '23505' } } },
      { tenantId: 'initech', applied: ['002_new.sql', '003_unique.sql'] }
    ])
    t.equal(failed, 1)
    t.notOk('error' in (results[0] ?? {}))
    t.same([...await admin`select schemaname from pg_tables where tablename = 'approvals' order by 1`], [{ schemaname: 'tenant_acme' }, { schemaname: 'tenant_initech' }])
  })

  t.test('migrates the shared schema once, and the rows of all its tenants', async (t) => {
    const { configOf, asApp, admin } = await operationsScene(t)
    const files = { '001_deals.sql': SHARED_DEALS }
    for (const id of ['acme', 'globex']) {
      await provision(configOf(files, { isolation: 'rls' }), { id })
      await asApp(id, 'shared', "insert into deals (id, title) values (1, 'x')")
    }
    const { results } = await migrateTenants(configOf({ ...files, '002_upper.sql': 'update deals set title = upper(title)' }, { isolation: 'rls' }))
    t.match(results, [{ tenantId: 'acme', applied: ['002_upper.sql'] }, { tenantId: 'globex', applied: ['002_upper.sql'] }])
    t.same([...await admin`select title from shared.deals`], [{ title: 'X' }, { title: 'X' }])
    t.equal((await admin`select from zakops_tenancy.migrations where name = '002_upper.sql'`).count, 1)
    t.equal((await asApp('acme', 'shared', 'select * from deals')).length, 1, 'the policies are forced again')
  })

  t.test('migrates the one tenant of single mode, and says so if it was never provisioned', async (t) => {
    const { configOf, admin } = await operationsScene(t)
    const config = configOf({ '001_deals.sql': DEALS }, { mode: 'single' })
    t.match(await migrateTenants(config), { results: [{ tenantId: 'default', error: { code: 'FST_TENANCY_SCHEMA_MISSING' } }], failed: 1 })
    await provision(config, { id: 'default' })
    await admin`delete from zakops_tenancy.tenants`
    t.match(await migrateTenants(config), { results: [{ tenantId: 'default', applied: [] }], failed: 0 })
  })

  t.test('refuses a file that was changed, lost or put in before one that was applied', async (t) => {
    const { configOf } = await operationsScene(t)
    const files = { '002_deals.sql': `${DEALS}\n`, '010_stage.sql': 'alter table deals add stage text' }
    await provision(configOf(files), { id: 'acme' })
    const run = async (changed: Readonly<Record<string, string>>) => await migrateTenants(configOf(changed))
    await t.rejects(run({ ...files, '002_deals.sql': `${DEALS} --` }), { code: 'FST_TENANCY_MIGRATION_CHANGED', message: /002_deals/ })
    await t.rejects(run({ '002_deals.sql': files['002_deals.sql'] }), { code: 'FST_TENANCY_MIGRATION_CHANGED', message: /010_stage/ })
    await t.rejects(run({ ...files, '003_x.sql': 'select 1' }), { code: 'FST_TENANCY_MIGRATION_REFUSED', message: /003_x/ })
    t.match(await run({ ...files, '002_deals.sql': `${DEALS}\r\n` }), { results: [{ applied: [] }] }, 'line ends do not count')
  })

  t.test('gives up when another process holds the lock', async (t) => {
    const { configOf, ownerUrl } = await operationsScene(t)
    const config = configOf({ '001_deals.sql': DEALS }, { timeouts: { acquire: 200 } })
    await provision(config, { id: 'acme' })
    const other = postgres(ownerUrl, { max: 1 })
    t.teardown(() => other.end())
    await other.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(hashtextextended('zakops_tenancy.schema.tenant_acme', 0))`
      t.match(await migrateTenants(config, { lockTimeoutMs: 100, attempts: 2 }), { results: [{ error: { code: 'FST_TENANCY_MIGRATION_LOCKED' } }] })
      await t.rejects(provision(config, { id: 'acme' }), { code: 'FST_TENANCY_MIGRATION_LOCKED' })
    })
  })
})

t.test('a migration', async (t) => {
  t.test('makes an extension for all tenants, or is refused', async (t) => {
    const { configOf, admin } = await operationsScene(t)
    const filesOf = (words: string) => ({ '001_x.sql': `create extension if not exists citext${words}; create table kept (name citext);` })
    await t.rejects(provision(configOf(filesOf('')), { id: 'acme' }), { code: 'FST_TENANCY_MIGRATION_REFUSED', message: /schema extensions"/ })
    const [found] = await admin`select 1 from pg_available_extensions where name = 'citext'`
    const files = found === undefined ? { '001_x.sql': DEALS } : filesOf(' schema extensions')
    for (const id of ['acme', 'globex']) t.match(await provision(configOf(files), { id }), { status: 'active' })
  })

  t.test('may hold anything that is one transaction', async (t) => {
    const { configOf, asApp } = await operationsScene(t)
    await provision(configOf({
      '001_all.sql': `\ufeff-- a comment; with a semicolon /* and more
        /* nested /* comment; */ still */ create table deals (id serial, "odd;name" text default 'a;''b', note text default E'it\\'s; x');
        create function twice(n int) returns int language sql begin atomic select case when n > 0 then n * 2 else 0 end; end;
        create or replace function note() returns trigger language plpgsql as $body$ begin new.note := 'n;' || $$;$$; return new; end $body$;
        create trigger note before insert on deals for each row execute function note();
        do $$ begin perform 1; end $$;
        set local standard_conforming_strings = on;
        create rule keep as on delete to deals do instead (select 1; select 2);
        ;;
        insert into deals ("odd;name") values ($tag$it's $$ fine; $tag$)`
    }), { id: 'acme' })
    t.same(await asApp('acme', 'tenant_acme', 'select "odd;name" as odd, note, twice(2) as four from deals'), [{ odd: "it's $$ fine; ", note: 'n;;', four: 4 }])
  })

  t.test('gets its settings back after another one changed them', async (t) => {
    const { configOf, admin } = await operationsScene(t)
    await provision(configOf({ '001_path.sql': "do $$ begin execute 'set search' || '_path to extensions'; end $$; select set_config('app.tenant_id', 'globex', false)", '002_deals.sql': `${DEALS} insert into deals values (1, 'x')` }), { id: 'acme' })
    t.same([...await admin`select tenant_id from "tenant_acme".deals`], [{ tenant_id: 'acme' }])
  })

  t.test('is refused, and nothing of it kept, when it tries to leave its transaction', async (t) => {
    const { configOf, admin } = await operationsScene(t)
    for (const text of [
      'commit', 'COMMIT AND CHAIN', 'begin', 'start transaction', 'rollback to savepoint x', 'savepoint x', 'release x', 'end', 'abort',
      "prepare transaction 'x'", '/* /* */ */ commit', '-- x\n\tcommit', "select 'a\\'; commit; --'", 'copy deals from stdin', 'set role none'
    ]) {
      const config = configOf({ '001_x.sql': `create table kept (id int); ${text}; create table kept_too (id int)` })
      await t.rejects(provision(config, { id: 'acme' }), { code: /^FST_TENANCY_MIGRATION_(REFUSED|FAILED)$/, message: /001_x/ }, text)
      t.equal((await admin`select from pg_class where relname like 'kept%'`).count, 0)
    }
  })

  t.test('is sent so that the server refuses two statements that look like one', async (t) => {
    const { configOf, admin } = await operationsScene(t)
    // A function of this name makes the rest of the file look like the body of a routine.
    const config = configOf({ '001_x.sql': "create function begin() returns int language sql as 'select 1'; commit; create table kept (id int)" })
    await t.rejects(provision(config, { id: 'acme' }), { code: 'FST_TENANCY_MIGRATION_FAILED', cause: { code: '42601', message: /multiple commands/ } })
    t.equal((await admin`select from pg_namespace where nspname = 'tenant_acme'`).count, 0)
  })

  t.test('cannot commit in a procedure or a DO block', async (t) => {
    const { configOf, admin } = await operationsScene(t)
    for (const text of ['do $$ begin commit; end $$', 'create procedure p() language plpgsql as $$ begin commit; end $$; call p()']) {
      const config = configOf({ '001_x.sql': `create table kept (id int); ${text}` })
      await t.rejects(provision(config, { id: 'acme' }), { code: 'FST_TENANCY_MIGRATION_FAILED', cause: { code: '2D000' } })
      t.equal((await admin`select from pg_class where relname = 'kept'`).count, 0)
    }
  })
})
