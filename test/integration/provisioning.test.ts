import t from 'tap'
import { provision } from '../../lib/operations/provisioning/index.ts'
import { migrateTenants } from '../../lib/operations/fleet/index.ts'
import { createOwnerRegistry } from '../../lib/data/registry/index.ts'
import { DEALS, SHARED_DEALS, operationsScene } from '../support/operations.ts'

t.test('provision()', async (t) => {
  t.test('makes a tenant that the application can use, and another that sees none of its rows', async (t) => {
    for (const isolation of ['schema+rls', 'schema', 'rls'] as const) {
      await t.test(isolation, async (t) => {
        const { configOf, asApp } = await operationsScene(t)
        const config = configOf({ '001_deals.sql': isolation === 'rls' ? SHARED_DEALS : DEALS }, { isolation })
        const acme = await provision(config, { id: 'acme', name: 'Acme Corporation' })
        const globex = await provision(config, { id: 'globex' })
        t.match(acme, { id: 'acme', name: 'Acme Corporation', status: 'active', isolation })
        t.match(globex, { name: 'globex' })
        t.equal(acme.schema === globex.schema, isolation === 'rls')
        for (const { id, schema } of [acme, globex]) await asApp(id, schema, `insert into deals (id, title) values (1, 'of ${id}')`)
        t.same(await asApp('acme', acme.schema, 'select title from deals'), [{ title: 'of acme' }])
        t.same(await asApp('globex', globex.schema, 'select title from deals'), [{ title: 'of globex' }])
      })
    }
  })

  t.test('brings a tenant up to date when it runs again, and keeps its rows, name and status', async (t) => {
    const { configOf, asApp } = await operationsScene(t)
    const files = { '001_deals.sql': DEALS }
    const { schema } = await provision(configOf(files), { id: 'acme', name: 'Acme' })
    await asApp('acme', schema, "insert into deals (id, title) values (1, 'first')")
    await createOwnerRegistry(configOf()).setStatus((await provision(configOf(files), { id: 'acme' })).id, 'suspended')
    const again = await provision(configOf({ ...files, '002_stage.sql': "alter table deals add stage text not null default 'new'" }), { id: 'acme' })
    t.match(again, { name: 'Acme', status: 'suspended' })
    t.same(await asApp('acme', schema, 'select title, stage from deals'), [{ title: 'first', stage: 'new' }])
    t.match(await provision(configOf(), { id: 'acme', name: 'Acme & Sons' }), { name: 'Acme & Sons', status: 'suspended' })
  })

  t.test('refuses an id that is there with another strategy or another letter case', async (t) => {
    const { configOf } = await operationsScene(t)
    const config = configOf({ '001_deals.sql': SHARED_DEALS })
    await provision(config, { id: 'acme', isolation: 'schema' })
    await t.rejects(provision(config, { id: 'acme', isolation: 'rls' }), { code: 'FST_TENANCY_TENANT_EXISTS', message: /another isolation strategy/ })
    for (const isolation of ['schema', 'rls'] as const) {
      await t.rejects(provision(config, { id: 'ACME', isolation }), { code: 'FST_TENANCY_TENANT_LETTER_CASE', message: /letter case/ })
    }
    t.match(await provision(config, { id: 'acme' }), { isolation: 'schema' }, 'the tenant keeps its own strategy')
  })

  t.test('lets one of several through when they come at once', async (t) => {
    const { configOf, admin } = await operationsScene(t)
    const config = configOf({ '001_deals.sql': DEALS })
    const outcomes = await Promise.allSettled(['acme', 'acme', 'Acme', 'acme', 'globex'].map((id) => provision(config, { id })))
    const failed = outcomes.flatMap((outcome) => outcome.status === 'rejected' ? [outcome.reason] : [])
    t.ok(failed.length === 1 || failed.length === 3, 'one spelling of the id has won')
    for (const error of failed) t.match(error, { code: 'FST_TENANCY_TENANT_LETTER_CASE' })
    t.equal((await admin`select from zakops_tenancy.tenants`).count, 2)
    t.equal((await admin`select from zakops_tenancy.migrations`).count, 2)
  })

  t.test('leaves nothing behind when it fails, and can run again', async (t) => {
    const { configOf, admin } = await operationsScene(t)
    const broken = configOf({ '001_deals.sql': DEALS, '002_wrong.sql': 'create table approvals (id int); select 1 / 0;' })
    await t.rejects(provision(broken, { id: 'acme' }), { code: 'FST_TENANCY_MIGRATION_FAILED', message: /002_wrong\.sql/, cause: { code: '22012' } })
    t.same([...await admin`select nspname from pg_namespace where nspname like 'tenant%'`], [])
    t.same([...await admin`select id from zakops_tenancy.tenants`], [])
    t.same([...await admin`select name from zakops_tenancy.migrations`], [])
    const repaired = configOf({ '001_deals.sql': DEALS, '002_wrong.sql': 'create table approvals (id int)' })
    t.match(await provision(repaired, { id: 'acme' }), { status: 'active' })
  })

  t.test('refuses a schema that somebody else made', async (t) => {
    const { configOf, admin, ownerRole } = await operationsScene(t)
    await admin`create schema "tenant_acme"`
    await t.rejects(provision(configOf(), { id: 'acme' }), { code: 'FST_TENANCY_PROVISION_FAILED', cause: { message: /another role/ } })
    await admin.unsafe(`alter schema "tenant_acme" owner to ${ownerRole}; create table "tenant_acme".secrets (id int)`)
    await t.rejects(provision(configOf(), { id: 'acme' }), { code: 'FST_TENANCY_PROVISION_FAILED', cause: { message: /not in the registry/ } })
    await admin`drop table "tenant_acme".secrets`
    t.match(await provision(configOf(), { id: 'acme' }), { status: 'active' }, 'an empty one of the owner is as good as none')
  })

  t.test('makes a schema anew that was dropped by hand', async (t) => {
    const { configOf, asApp, admin } = await operationsScene(t)
    const config = configOf({ '001_deals.sql': DEALS })
    const { schema } = await provision(config, { id: 'acme' })
    await admin`drop schema "tenant_acme" cascade`
    await provision(config, { id: 'acme' })
    t.same(await asApp('acme', schema, 'select * from deals'), [])
  })

  t.test('works in single mode', async (t) => {
    const { configOf, asApp } = await operationsScene(t)
    const config = configOf({ '001_deals.sql': DEALS }, { mode: 'single' })
    const { id, schema } = await provision(config, { id: config.tenantId })
    t.same(await asApp(id, schema, "insert into deals (id, title) values (1, 'x') returning tenant_id"), [{ tenant_id: 'default' }])
  })

  t.test('refuses what cannot be used before it connects', async (t) => {
    const { configOf } = await operationsScene(t)
    await t.rejects(provision(configOf(), { id: 'a b' }), { code: 'FST_TENANCY_TENANT_ID_INVALID' })
    await t.rejects(provision(configOf(), { id: 'acme', isolation: 'database' }), { code: 'FST_TENANCY_PROVISION_ADMIN_MISSING' })
    await t.rejects(provision(configOf(), { id: 'acme', server: 'eu' }), { code: 'FST_TENANCY_OPTIONS_INVALID' })
    await t.rejects(provision(configOf(), { id: 'acme', name: '' }), { code: 'FST_TENANCY_OPTIONS_INVALID' })
    const { ownerDatabase, ...withoutOwner } = configOf()
    t.ok(ownerDatabase)
    await t.rejects(provision(withoutOwner, { id: 'acme' }), { code: 'FST_TENANCY_PROVISION_OWNER_MISSING' })
  })

  t.test('says which database it cannot reach or enter', async (t) => {
    const { configOf, ownerUrl } = await operationsScene(t)
    const changed = (change: (url: URL) => void) => {
      const url = new URL(ownerUrl)
      change(url)
      return provision(configOf({}, { ownerDatabase: url.href }), { id: 'acme' })
    }
    await t.rejects(changed((url) => { url.port = '1' }), { code: 'FST_TENANCY_DATABASE_UNREACHABLE', cause: { code: 'ECONNREFUSED' } })
    await t.rejects(changed((url) => { url.pathname = '/nowhere' }), { code: 'FST_TENANCY_DATABASE_UNREACHABLE', cause: { code: '3D000' } })
    await t.rejects(changed((url) => { url.username = 'nobody_here' }), { code: 'FST_TENANCY_DATABASE_UNREACHABLE', cause: { code: /^28/ } })
  })

  t.test('refuses every role but the one that owns the registry', async (t) => {
    const { configOf, adminUrl, appUrl, admin } = await operationsScene(t)
    for (const ownerDatabase of [appUrl, adminUrl]) {
      const config = configOf({}, { ownerDatabase })
      const refused = { code: 'FST_TENANCY_PROVISION_OWNER_WRONG', message: /ownerDatabase \(OWNER_DATABASE_URL\)/ }
      await t.rejects(provision(config, { id: 'acme' }), refused)
      await t.rejects(migrateTenants(config), refused)
      await t.rejects(createOwnerRegistry(config).list(), refused)
    }
    t.equal((await admin`select from pg_namespace where nspname = 'tenant_acme'`).count, 0)
    t.match(await provision(configOf(), { id: 'acme' }), { status: 'active' })
  })

  t.test('says that the database was not prepared', async (t) => {
    const { configOf } = await operationsScene(t, { isSetUp: false })
    const refused = { code: 'FST_TENANCY_PROVISION_NOT_SET_UP', message: /setUpDatabase\(\)/ }
    await t.rejects(provision(configOf(), { id: 'acme' }), refused)
    await t.rejects(migrateTenants(configOf()), refused)
  })
})
