import t from 'tap'
import { prepareSpares, provision } from '../../lib/operations/provisioning/index.ts'
import { migrateTenants } from '../../lib/operations/fleet/index.ts'
import { DEALS, operationsScene } from '../support/operations.ts'

const FILES = { '001_deals.sql': DEALS, '002_notes.sql': 'create table notes (id serial primary key, deal integer references deals, body text); create index on notes (deal);' }

t.test('prepareSpares()', async (t) => {
  for (const isolation of ['schema+rls', 'schema'] as const) {
    t.test(`makes schemas that provision() takes, each for one tenant, which is like any other (${isolation})`, async (t) => {
      const { configOf, asApp, admin } = await operationsScene(t)
      const config = configOf(FILES, { isolation })
      t.equal(await prepareSpares(config, { count: 2 }), 2)
      t.equal(await prepareSpares(config, { count: 2 }), 0)
      const schemas = async () => (await admin`select oid, nspname as name from pg_namespace where nspname like 'tenant\\_%' order by oid`).map(({ oid, name }) => ({ oid, name }))
      const spares = await schemas()
      await Promise.all(['acme', 'globex', 'initech'].map((id) => provision(config, { id })))
      t.equal((await admin`select from zakops_tenancy.spares`).count, 0)
      const made = await schemas()
      t.same(made.slice(0, 2).map(({ oid }) => oid), spares.map(({ oid }) => oid), 'the same schemas')
      t.same(made.map(({ name }) => name).sort(), ['tenant_acme', 'tenant_globex', 'tenant_initech'])
      for (const id of ['acme', 'globex', 'initech']) {
        await asApp(id, `tenant_${id}`, `insert into deals (id, title) values (1, 'of ${id}')`)
        t.same(await asApp(id, `tenant_${id}`, 'select title from deals'), [{ title: `of ${id}` }])
        if (isolation === 'schema') continue
        t.same(await asApp('somebody', `tenant_${id}`, 'select title from deals'), [], 'with its policies')
        await t.rejects(asApp('somebody', `tenant_${id}`, "insert into deals (id, title) values (2, 'x')"), { code: '23514' }, 'and checks')
      }
      const [first, ...others] = await Promise.all(['acme', 'globex', 'initech'].map(async (id) => await admin`
        select c.relname, pg_get_constraintdef(k.oid) as def, obj_description(c.relnamespace, 'pg_namespace') as mark, c.relrowsecurity, c.relforcerowsecurity, c.relacl::text
        from pg_class c left join pg_constraint k on k.conrelid = c.oid where c.relnamespace = ${`tenant_${id}`}::regnamespace order by 1, 2`
        .then((rows) => JSON.stringify(rows).replaceAll(id, 'ID'))))
      for (const other of others) t.equal(other, first, 'made ahead or not, they are the same')
      t.match(await migrateTenants(config), { failed: 0, results: [{ applied: [] }, { applied: [] }, { applied: [] }] })
      t.match(await provision(config, { id: 'acme' }), { status: 'active', migration: '002_notes.sql' })
    })
  }

  t.test('does not use what was made from other migrations, and makes it anew', async (t) => {
    const { configOf, asApp, admin } = await operationsScene(t)
    await prepareSpares(configOf({ '001_deals.sql': DEALS }), { count: 1 })
    const config = configOf(FILES)
    await provision(config, { id: 'acme' })
    t.equal((await admin`select from zakops_tenancy.spares`).count, 1)
    t.same(await asApp('acme', 'tenant_acme', 'select * from notes'), [])
    t.equal(await prepareSpares(config, { count: 1 }), 1)
    t.equal((await admin`select from pg_namespace where nspname like 'tenant\\_spare%'`).count, 1)
  })

  t.test('is given back by a provisioning that fails', async (t) => {
    const { configOf, admin } = await operationsScene(t)
    const config = configOf(FILES)
    await prepareSpares(config, { count: 1 })
    await admin`alter table zakops_tenancy.audit_log add constraint full_disk check (action <> 'provision')`
    await t.rejects(provision(config, { id: 'acme' }), { code: 'FST_TENANCY_PROVISION_FAILED' })
    t.equal((await admin`select from zakops_tenancy.spares s join pg_namespace n on n.nspname = s.schema`).count, 1)
  })

  t.test('refuses what cannot be made ahead', async (t) => {
    const { configOf } = await operationsScene(t)
    for (const request of [{ count: -1 }, { count: 1, isolation: 'rls' as const }, { count: 1, isolation: 'database' as const }]) {
      await t.rejects(prepareSpares(configOf(FILES), request), { code: 'FST_TENANCY_OPTIONS_INVALID' })
    }
    const seeded = configOf({ ...FILES, '003_seed.sql': "insert into deals (id, title, tenant_id) values (1, 'x', current_setting('app.tenant_id'))" })
    await t.rejects(prepareSpares(seeded, { count: 1 }), { code: /FST_TENANCY_/ })
  })

  t.test('saves what the migrations cost', async (t) => {
    const { configOf } = await operationsScene(t)
    const tables = Array.from({ length: 40 }, (_, index) => `create table t${index} (id serial primary key, body text); create index on t${index} (body);`)
    const config = configOf({ '001_tables.sql': tables.join('\n') })
    const time = async (id: string): Promise<number> => {
      const start = performance.now()
      await provision(config, { id })
      return performance.now() - start
    }
    const without = Math.min(await time('a'), await time('b'), await time('c'))
    await prepareSpares(config, { count: 3 })
    const ahead = Math.min(await time('d'), await time('e'), await time('f'))
    t.comment(`40 tables: ${Math.round(without)} ms without a spare, ${Math.round(ahead)} ms with one`)
    t.ok(ahead < without / 2)
  })
})
