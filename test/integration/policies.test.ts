import t from 'tap'
import { provision } from '../../lib/operations/provisioning/index.ts'
import { DEALS, SHARED_DEALS, operationsScene } from '../support/operations.ts'

/** Rows of both tenants in one table of the shared schema. */
async function sharedScene (t: Parameters<typeof operationsScene>[0], migration = SHARED_DEALS) {
  const scene = await operationsScene(t)
  const config = scene.configOf({ '001_deals.sql': migration }, { isolation: 'rls' })
  await provision(config, { id: 'acme' })
  await provision(config, { id: 'globex' })
  for (const id of ['acme', 'globex']) await scene.asApp(id, 'shared', `insert into deals (id, title) values (1, 'of ${id}')`)
  return { ...scene, config }
}

const TITLES = 'select title from deals'

t.test('the policies of shared tables', async (t) => {
  t.test('show each tenant its own rows, and nobody none', async (t) => {
    const { asApp, admin } = await sharedScene(t)
    t.equal((await admin`select from shared.deals`).count, 2, 'rows of both tenants are there')
    t.same(await asApp('acme', 'shared', TITLES), [{ title: 'of acme' }])
    t.same(await asApp('globex', 'shared', TITLES), [{ title: 'of globex' }])
    for (const id of ['', ' ', 'acm', 'acme%', 'initech']) t.same(await asApp(id, 'shared', TITLES), [], `as "${id}"`)
  })

  t.test('show everything once they are gone, so the test above can fail', async (t) => {
    const { asApp, admin } = await sharedScene(t)
    await admin`drop policy tenancy_isolation on shared.deals`
    t.equal((await asApp('acme', 'shared', TITLES)).length, 2)
  })

  t.test('let no tenant write, move, change or delete a row of another', async (t) => {
    const { asApp, admin } = await sharedScene(t)
    await t.rejects(asApp('acme', 'shared', "insert into deals (id, tenant_id, title) values (2, 'globex', 'x')"), { code: '42501' })
    await t.rejects(asApp('acme', 'shared', "update deals set tenant_id = 'globex', id = 2"), { code: '42501' })
    await asApp('acme', 'shared', "update deals set title = 'changed'")
    await asApp('acme', 'shared', 'delete from deals')
    t.same([...await admin`select title from shared.deals`], [{ title: 'of globex' }])
  })

  t.test('hold beside a permissive policy of somebody else, which stays', async (t) => {
    const { asApp, admin, config } = await sharedScene(t)
    await admin`create policy everything on shared.deals using (true)`
    t.equal((await asApp('acme', 'shared', TITLES)).length, 1)
    await provision(config, { id: 'acme' })
    t.equal((await admin`select from pg_policy where polname = 'everything'`).count, 1)
  })

  t.test('hold for the owner of the tables too', async (t) => {
    const { asOwner, admin } = await sharedScene(t)
    t.same(await asOwner('acme', 'shared', TITLES), [{ title: 'of acme' }])
    await admin`alter table shared.deals no force row level security`
    t.equal((await asOwner('acme', 'shared', TITLES)).length, 2, 'FORCE is what holds')
  })

  t.test('cover partitions named by themselves', async (t) => {
    const { asApp, admin } = await sharedScene(t, `
      create table deals (id int, tenant_id text not null, title text) partition by list (tenant_id);
      create table deals_rest partition of deals default;`)
    t.equal((await admin`select from shared.deals_rest`).count, 2)
    t.same(await asApp('acme', 'shared', 'select title from deals_rest'), [{ title: 'of acme' }])
  })

  t.test('compare the whole id where the column is short or has spaces to its length', async (t) => {
    const scene = await operationsScene(t)
    const config = scene.configOf({ '001_deals.sql': 'create table deals (id int, tenant_id varchar(3) not null, code char(5), title text)' }, { isolation: 'rls' })
    await provision(config, { id: 'acm' })
    await provision(config, { id: 'acme' })
    await scene.asApp('acm', 'shared', "insert into deals (id, title) values (1, 'of acm')")
    t.same(await scene.asApp('acme', 'shared', TITLES), [])
    t.same(await scene.asApp('acm', 'shared', TITLES), [{ title: 'of acm' }])
  })
})

t.test('applyPolicies()', async (t) => {
  t.test('leaves a policy that is right, and makes one anew that was changed', async (t) => {
    const { asApp, admin, config } = await sharedScene(t)
    const oids = async () => (await admin`select oid from pg_policy where polrelid = 'shared.deals'::regclass order by oid`).map(({ oid }) => oid)
    const before = await oids()
    await provision(config, { id: 'acme' })
    t.same(await oids(), before)
    for (const change of [
      'alter policy tenancy_isolation on shared.deals using (true) with check (true)',
      "alter policy tenancy_isolation on shared.deals with check (tenant_id <> '')",
      'alter policy tenancy_isolation on shared.deals to current_user',
      'drop policy tenancy_isolation on shared.deals; create policy tenancy_isolation on shared.deals using (true)',
      'alter table shared.deals disable row level security',
      'alter table shared.deals no force row level security'
    ]) {
      await admin.unsafe(change)
      await provision(config, { id: 'acme' })
      t.same(await asApp('acme', 'shared', TITLES), [{ title: 'of acme' }], change)
      const [table] = await admin`select relrowsecurity as secured, relforcerowsecurity as forced from pg_class where oid = 'shared.deals'::regclass`
      t.same(table, { secured: true, forced: true })
    }
  })

  t.test('refuses a shared table whose tenant column is missing, loose or of a type that mixes ids up', async (t) => {
    for (const [migration, id] of [
      ['create table deals (id int)', 'acme'],
      ['create table deals (tenant_id int not null)', '007'],
      ['create table deals (tenant_id uuid not null)', 'acme'],
      ['create table deals (tenant_id "char" not null)', 'acme'],
      ["create collation loose (provider = icu, locale = 'und-u-ka-shifted', deterministic = false); create table deals (tenant_id text collate loose not null)", 'acme']
    ] as const) {
      const { configOf, admin } = await operationsScene(t)
      const config = configOf({ '001_deals.sql': migration }, { isolation: 'rls' })
      await t.rejects(provision(config, { id }), { code: 'FST_TENANCY_POLICY_COLUMN_MISSING', message: /deals/ }, migration)
      t.equal((await admin`select from pg_class where relname = 'deals'`).count, 0)
    }
  })

  t.test('takes a uuid column for ids that are uuids', async (t) => {
    const scene = await operationsScene(t)
    const config = scene.configOf({ '001_deals.sql': 'create table deals (id int, tenant_id uuid not null, title text)' }, { isolation: 'rls' })
    const [acme, globex] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'] as const
    for (const id of [acme, globex]) {
      await provision(config, { id })
      await scene.asApp(id, 'shared', `insert into deals (id, title) values (1, '${id}')`)
    }
    t.same(await scene.asApp(acme, 'shared', TITLES), [{ title: acme }])
    t.same(await scene.asApp('', 'shared', TITLES), [], 'an empty setting is nobody and no error')
  })

  t.test('makes an index that starts with the tenant column where there is none', async (t) => {
    const { admin } = await sharedScene(t, 'create table deals (id int, tenant_id text, title text)')
    t.match([...await admin`select indexdef from pg_indexes where tablename = 'deals'`], [{ indexdef: /\(tenant_id\)/ }])
  })

  t.test('gives tables of a tenant\'s own schema the column, with the tenant in the rows that are there', async (t) => {
    const { configOf, admin } = await operationsScene(t)
    const config = configOf({ '001_deals.sql': `${DEALS} insert into deals values (1, 'seed');` })
    await provision(config, { id: 'acme' })
    await provision(config, { id: 'globex' })
    t.same([...await admin`select tenant_id, title from "tenant_acme".deals`], [{ tenant_id: 'acme', title: 'seed' }])
    t.same([...await admin`select tenant_id, title from "tenant_globex".deals`], [{ tenant_id: 'globex', title: 'seed' }])
  })

  t.test('fills in the column of a migration where there are no policies, and leaves one that fills itself', async (t) => {
    const { configOf, asApp } = await operationsScene(t)
    const config = configOf({ '001_deals.sql': 'create table deals (tenant_id text not null, id int, primary key (tenant_id, id)); create table tenants (tenant_id int generated always as identity primary key, name text)' }, { isolation: 'schema' })
    await provision(config, { id: 'acme' })
    t.same(await asApp('acme', 'tenant_acme', 'insert into deals (id) values (1) returning tenant_id'), [{ tenant_id: 'acme' }])
    t.same(await asApp('acme', 'tenant_acme', "insert into tenants (name) values ('x') returning tenant_id"), [{ tenant_id: 1 }])
    await t.rejects(asApp('', 'tenant_acme', 'insert into deals (id) values (2)'), { code: '23502' })
  })

  t.test('is the second line when SQL names the schema of another tenant', async (t) => {
    const { configOf, admin, asApp } = await operationsScene(t)
    const config = configOf({ '001_deals.sql': `${DEALS} insert into deals values (1, 'seed');` })
    await provision(config, { id: 'acme' })
    await provision(config, { id: 'globex' })
    t.same(await asApp('acme', 'tenant_globex', TITLES), [])
    t.same(await asApp('globex', 'tenant_globex', TITLES), [{ title: 'seed' }])
    await admin`drop policy tenancy_isolation on "tenant_globex".deals`
    t.same(await asApp('acme', 'tenant_globex', TITLES), [{ title: 'seed' }], 'the policy is what holds')
  })
})

t.test('the grants', async (t) => {
  t.test('are rows and sequences, and nothing else for anybody', async (t) => {
    const { configOf, asApp, admin, appRole } = await operationsScene(t)
    const config = configOf({
      '001_deals.sql': `create table deals (id int primary key generated always as identity, title text); create sequence numbers;
        create view titles as select title from deals; create materialized view counts as select count(*) as n from deals;
        grant all on deals to public; do $$ begin execute 'grant all on schema "tenant_acme" to public'; end $$`
    })
    await provision(config, { id: 'acme' })
    await asApp('acme', 'tenant_acme', "insert into deals (title) values ('x'), ('y')")
    t.same(await asApp('acme', 'tenant_acme', "select nextval('numbers')::int as n, (select count(*)::int from titles) as titles, (select n::int from counts) as counts"), [{ n: 1, titles: 2, counts: 0 }])
    for (const text of ['truncate deals', 'create table x ()', 'drop table deals', 'alter table deals disable row level security']) {
      await t.rejects(asApp('acme', 'tenant_acme', text), { code: '42501' }, text)
    }
    const [rights] = await admin`
      select has_table_privilege(${appRole}, '"tenant_acme".deals', 'references') as refers, has_table_privilege(${appRole}, '"tenant_acme".deals', 'trigger') as triggers,
        (select array_agg(x::text) from pg_namespace, unnest(nspacl) x where nspname = 'tenant_acme' and x::text like '=%') as everybody`
    t.same(rights, { refers: false, triggers: false, everybody: null })
  })

  t.test('leave out materialized views of the shared schema', async (t) => {
    const { asApp } = await sharedScene(t, `${SHARED_DEALS} create materialized view counts as select count(*) from deals;`)
    await t.rejects(asApp('acme', 'shared', 'select * from counts'), { code: '42501' })
  })
})
