import t from 'tap'
import postgres from 'postgres'
import { type Tenancy, type TenancyOptions, createTenancy } from '../../lib/index.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

interface TestScope {
  teardown (fn: () => unknown): void
  testdir (files: Readonly<Record<string, string>>): string
}

interface AcrossScene extends TestDatabase {
  readonly tenancy: Tenancy
  readonly migrations: string
}

const DEALS = 'create table deals (tenant_id text not null default nullif(current_setting(\'app.tenant_id\', true), \'\'), id int not null, title text not null, primary key (tenant_id, id));'

/** What each tenant has of its own: the strategies are mixed, and the keys are the same. */
const TENANTS = [['acme', 'schema+rls'], ['globex', 'rls'], ['initech', 'schema'], ['umbrella', 'rls']] as const

const silent = { info () {}, warn () {}, error () {} }

async function scene (t: TestScope, options: TenancyOptions = {}): Promise<AcrossScene> {
  const database = await testDatabase(t, { hasOperator: true })
  const migrations = t.testdir({ '001_deals.sql': DEALS })
  const { appUrl, ownerUrl, operatorUrl } = database
  const tenancy = await createTenancy({ mode: 'multi', database: appUrl, ownerDatabase: ownerUrl, operatorDatabase: operatorUrl, migrations, log: silent, ...options })
  t.teardown(() => tenancy.close())
  for (const [id, isolation] of TENANTS) {
    await tenancy.provision({ id, isolation })
    await tenancy.runWithTenant(id, () => tenancy.sql`insert into deals (id, title) values (1, ${`of ${id}`})`)
  }
  return { ...database, tenancy, migrations }
}

t.test('forEachTenant()', async (t) => {
  const { tenancy } = await scene(t)

  t.test('runs as each active tenant, whatever its strategy, and reports what failed', async (t) => {
    await tenancy.suspend('umbrella')
    const report = await tenancy.forEachTenant(async ({ id }) => {
      if (id === 'globex') throw new Error('not this one')
      return [...await tenancy.sql`select title from deals`]
    })
    t.match(report, {
      failed: 1,
      results: [{ tenantId: 'acme', value: [{ title: 'of acme' }] }, { tenantId: 'globex', error: { message: 'not this one' } }, { tenantId: 'initech', value: [{ title: 'of initech' }] }]
    })
    await tenancy.resume('umbrella')
  })

  t.test('runs as those that are meant, no more at once than it should, and stops if it is asked to', async (t) => {
    let [running, most] = [0, 0]
    const report = await tenancy.forEachTenant(async () => {
      most = Math.max(most, ++running)
      await tenancy.sql`select pg_sleep(0.05)`
      running--
    }, { where: ({ isolation }) => isolation === 'rls', concurrency: 1 })
    t.same(report.results.map(({ tenantId }) => tenantId), ['globex', 'umbrella'])
    t.equal(most, 1)
    const stopped = await tenancy.forEachTenant(() => { throw new Error('no') }, { concurrency: 1, stopOnError: true })
    t.match(stopped, { failed: 1, results: [{ tenantId: 'acme' }] })
    t.equal(stopped.results.length, 1)
  })

  t.test('is refused inside a tenant\'s context', async (t) => {
    for (const across of [() => tenancy.forEachTenant(() => 1), () => tenancy.acrossTenants('select 1')]) {
      await t.rejects(tenancy.runWithTenant('acme', async () => { await across() }), { code: 'FST_TENANCY_CONTEXT_CROSS_TENANT' })
    }
    await t.rejects(tenancy.forEachTenant(() => 1, { concurrency: 0 }), { code: 'FST_TENANCY_OPTIONS_INVALID' })
  })
})

t.test('acrossTenants()', async (t) => {
  const { tenancy, admin } = await scene(t)

  t.test('returns the rows of all with their tenant, which no row can say otherwise', async (t) => {
    const rows = await tenancy.acrossTenants<{ title: string }>((sql) => sql`select 'forged' as tenant, title from deals`, { actor: 'reports' })
    t.same(rows, TENANTS.map(([id]) => ({ tenant: id, title: `of ${id}` })))
    t.same(await tenancy.acrossTenants('select count(*)::int as deals from deals', { where: ({ id }) => id === 'acme' }), [{ tenant: 'acme', deals: 1 }])
    t.match([...await admin`select actor, details from zakops_tenancy.audit_log where action = 'acrossTenants' order by id`], [{ actor: 'reports', details: { tenants: 4 } }, {}])
  })

  t.test('changes nothing, and is nothing if one tenant has no answer', async (t) => {
    await t.rejects(tenancy.acrossTenants('insert into deals (id, title) values (2, \'x\') returning id'), { code: '25006' })
    await t.rejects(tenancy.acrossTenants((sql) => sql`select * from ${sql.unsafe('nothing_here')}`), { code: '42P01' })
    await admin`drop table "tenant_initech".deals`
    await t.rejects(tenancy.acrossTenants('select title from deals'), { code: '42P01' })
  })
})

t.test('runWithoutTenant() with an operator', async (t) => {
  const { tenancy, admin, operatorUrl } = await scene(t)
  const operator = new URL(operatorUrl).username

  t.test('sees the rows of all, and writes why before it does', async (t) => {
    const titles = await tenancy.runWithoutTenant('invoices', async (sql) => {
      const [noted] = await admin`select action, session_role, actor, details from zakops_tenancy.audit_log order by id desc limit 1`
      t.match(noted, { action: 'runWithoutTenant', session_role: operator, actor: 'billing', details: { reason: 'invoices', write: false } }, 'it is committed by then')
      return [...await sql`select title from shared.deals union all select title from "tenant_acme".deals union all select title from "tenant_initech".deals order by 1`]
    }, { actor: 'billing' })
    t.same(titles, TENANTS.map(([id]) => ({ title: `of ${id}` })))
  })

  t.test('changes rows only if it was asked for, and owns nothing', async (t) => {
    const change = "update shared.deals set title = title || '!'"
    await t.rejects(tenancy.runWithoutTenant('a mistake', (sql) => sql.unsafe(change)), { code: '25006' })
    await t.rejects(tenancy.runWithoutTenant('a trick', async (sql) => {
      await sql`set transaction read write`
      await sql.unsafe(change)
    }), { code: '25001' })
    t.equal((await admin`select from shared.deals where title like '%!'`).count, 0)
    await tenancy.runWithoutTenant('a repair', (sql) => sql.unsafe(change), { write: true })
    t.equal((await admin`select from shared.deals where title like '%!'`).count, 2)
    for (const text of ['truncate shared.deals', 'drop table shared.deals', 'create table shared.mine (id int)', 'alter table shared.deals disable row level security',
      "update zakops_tenancy.tenants set status = 'active'", 'delete from zakops_tenancy.audit_log']) {
      await t.rejects(tenancy.runWithoutTenant('too much', (sql) => sql.unsafe(text), { write: true }), { code: '42501' }, text)
    }
  })

  t.test('rolls back what fails', async (t) => {
    await t.rejects(tenancy.runWithoutTenant('half', async (sql) => {
      await sql`delete from shared.deals`
      throw new Error('no')
    }, { write: true }), { message: 'no' })
    t.equal((await admin`select from shared.deals`).count, 2)
  })

  t.test('keeps no transaction open for work that wants no client', async (t) => {
    await tenancy.runWithoutTenant('each by itself', async () => {
      t.equal((await admin`select from pg_stat_activity where usename = ${operator}`).count, 0)
      t.equal((await tenancy.runWithTenant('acme', () => tenancy.sql`select 1`)).length, 1)
    })
    t.match([...await admin`select details from zakops_tenancy.audit_log order by id desc limit 1`], [{ details: { reason: 'each by itself' } }])
  })

  t.test('does not run what it could not write down', async (t) => {
    await admin.unsafe(`revoke insert on zakops_tenancy.audit_log from ${operator}`)
    let ran = false
    for (const fn of [() => { ran = true }, (_sql: unknown) => { ran = true }]) {
      await t.rejects(tenancy.runWithoutTenant('unseen', fn), { code: 'FST_TENANCY_OPERATOR_AUDIT_FAILED', cause: { code: '42501' } })
    }
    await t.rejects(tenancy.acrossTenants('select 1'), { code: 'FST_TENANCY_OPERATOR_AUDIT_FAILED' })
    t.notOk(ran)
    await admin.unsafe(`grant insert on zakops_tenancy.audit_log to ${operator}`)
  })
})

t.test('runWithoutTenant() without an operator gives no rights', async (t) => {
  const { appUrl } = await scene(t)
  const tenancy = await createTenancy({ mode: 'multi', database: appUrl, log: silent })
  t.teardown(() => tenancy.close())
  t.equal(await tenancy.runWithoutTenant('nothing to see', () => 'ran'), 'ran')
  const missing = { code: 'FST_TENANCY_OPERATOR_MISSING' }
  await t.rejects(tenancy.runWithoutTenant('statement', (sql) => sql`select 1`), missing)
  await t.rejects(tenancy.runWithoutTenant('unsafe', (sql) => sql.unsafe('select 1')), missing)
  await t.rejects(tenancy.runWithoutTenant('client', () => tenancy.sql`select 1`), { code: 'FST_TENANCY_CONTEXT_MISSING' })
})

t.test('views across tenants', async (t) => {
  const { tenancy, admin, appUrl, migrations } = await scene(t)
  const read = async () => await tenancy.runWithoutTenant('report', async (sql) => [...await sql`select * from reports.deals order by 1`])

  t.test('show the rows of all, the tenant in front, to the operator alone', async (t) => {
    t.same(await tenancy.createTenantViews({ schema: 'reports' }), ['deals'])
    t.same(await read(), TENANTS.map(([id]) => ({ tenant_id: id, id: 1, title: `of ${id}` })))
    const app = postgres(appUrl, { max: 1, onnotice: () => {} })
    t.teardown(() => app.end())
    await t.rejects(app`select * from reports.deals`, { code: '42501' })
    await t.rejects(tenancy.runWithTenant('acme', () => tenancy.sql`select * from reports.deals`), { code: '42501' })
    await admin.unsafe(`grant usage on schema reports to ${new URL(appUrl).username}; grant select on reports.deals to ${new URL(appUrl).username}`)
    const seen = await tenancy.runWithTenant('globex', () => tenancy.sql`select title from reports.deals where tenant_id <> 'initech'`)
    t.same([...seen], [{ title: 'of globex' }], 'with a grant on the view the rights and policies are the reader\'s own; under "schema" there are no policies')
    await admin.unsafe(`revoke all on reports.deals from ${new URL(appUrl).username}; revoke all on schema reports from ${new URL(appUrl).username}`)
  })

  t.test('have the columns that all tenants have, and are made anew with new ones', async (t) => {
    await admin`alter table "tenant_acme".deals add column stage text not null default 'new'`
    await admin`alter table "tenant_initech".deals rename column title to headline`
    await tenancy.createTenantViews({ schema: 'reports' })
    t.same((await read())[0], { tenant_id: 'acme', id: 1 })
  })

  t.test('lose a tenant that is deleted, and keep the others', async (t) => {
    await tenancy.deleteTenant('acme', { force: true })
    t.same((await read()).map(({ tenant_id: id }) => id), ['globex', 'initech', 'umbrella'])
  })

  t.test('are not made in a schema that is somebody else\'s', async (t) => {
    await admin`create schema taken`
    await admin`create table taken.something (id int)`
    await t.rejects(tenancy.createTenantViews({ schema: 'taken' }), { code: 'FST_TENANCY_OPERATOR_VIEWS_FAILED' })
    for (const schema of ['public', 'tenant_acme', 'pg_catalog']) await t.rejects(tenancy.createTenantViews({ schema }), { code: 'FST_TENANCY_NAME_RESERVED' })
    await t.rejects(tenancy.createTenantViews({ schema: 'shared' }), { code: 'FST_TENANCY_OPTIONS_INVALID' })
    t.ok(migrations)
  })
})
