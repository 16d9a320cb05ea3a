import t from 'tap'
import { createTenancy } from '../../lib/index.ts'
import { startPgBouncer, withoutPgBouncer } from '../support/pgbouncer.ts'
import { plainClient } from '../support/tenancy.ts'
import { lookAtPrepared } from '../support/prepared.ts'
import { TENANTS, tenantsDatabase } from '../support/tenancy-app.ts'

// One connection of the server for everybody: whatever somebody leaves in the session is there for the next.

const skip = withoutPgBouncer()
const QUIET = { info () {}, warn () {}, error () {} }

t.test('behind PgBouncer in transaction mode, on one connection of the server', { skip }, async (t) => {
  const database = await tenantsDatabase(t)
  const { through } = await startPgBouncer(t, [database.appUrl], { mode: 'transaction', size: 1 })
  const url = through(database.appUrl)
  const open = async () => {
    const tenancy = await createTenancy({ mode: 'multi', database: url, lanes: { max: 2 }, log: QUIET })
    t.teardown(() => tenancy.close())
    return tenancy
  }
  const [one, other] = [await open(), await open()]
  const WHO = "select current_setting('app.tenant_id', true) as tenant, current_setting('search_path') as path"

  t.test('settings that one client leaves in the session are another plain client\'s, and never decide a tenant (P-01)', async (t) => {
    await one.runWithTenant('acme', () => one.sql`select set_config('app.tenant_id', 'acme', false), set_config('search_path', 'tenant_acme', false)`)
    const naive = plainClient(t, url, { prepare: false })
    await naive`select set_config('app.tenant_id', 'acme', false), set_config('search_path', 'tenant_acme', false)`
    const next = plainClient(t, url, { prepare: false })
    t.same(await next.unsafe(WHO), [{ tenant: 'acme', path: 'tenant_acme' }], 'negative control: that is what leaks')
    for (const tenancy of [one, other]) {
      for (const tenant of ['globex', 'acme'] as const) {
        t.same(await tenancy.runWithTenant(tenant, () => tenancy.sql`select title from deals where id = '1'`), [{ title: tenant }])
        t.same(await tenancy.runWithTenant(tenant, () => tenancy.sql.begin((tx) => tx`select title from deals`)), [{ title: tenant }])
      }
      t.equal((await tenancy.registry.get('globex')).id, 'globex')
    }
    await naive`select set_config('app.tenant_id', '', false), set_config('search_path', '', false)`
    for (const tenant of TENANTS) await one.runWithTenant(tenant, () => one.sql`select 1 from deals`)
    t.same(await next.unsafe(WHO), [{ tenant: '', path: '' }], 'and our own settings stay with no session')
  })

  t.test('locks of a transaction end with it, and there are no temporary tables (P-02)', async (t) => {
    await one.runWithTenant('acme', () => one.sql`select pg_advisory_xact_lock(7)`)
    t.same(await other.runWithTenant('globex', () => other.sql`select pg_try_advisory_xact_lock(7) as is_free`), [{ is_free: true }])
    t.same(await database.admin`select pg_try_advisory_xact_lock(7) as is_free`, [{ is_free: true }])
    for (const tenant of TENANTS) await t.rejects(one.runWithTenant(tenant, () => one.sql`create temp table deals (id text, title text)`), { code: '42501' })
  })

  t.test('start-up parameters are refused by the pooler, so none is needed and none is dropped in silence (P-03)', async (t) => {
    await t.rejects(plainClient(t, url, { connection: { statement_timeout: 1_000 } })`select 1`, { message: /unsupported startup parameter/ })
    const { hostname: host, port, username: user, password, pathname } = new URL(url)
    const at = (connection: object) => ({ mode: 'multi' as const, log: QUIET, database: { host, port: Number(port), user, password, database: pathname.slice(1), connection } })
    await t.rejects(createTenancy(at({ geqo: 'off' })), { code: 'FST_TENANCY_DATABASE_UNREACHABLE', cause: { message: /unsupported startup parameter/ } })
    for (const name of ['search_path', 'options', 'app.tenant_id']) await t.rejects(createTenancy(at({ [name]: 'tenant_acme' })), { code: 'FST_TENANCY_OPTIONS_INVALID' }, name)
  })

  t.test('nothing is prepared by name, however often it is sent (P-06)', async (t) => {
    await lookAtPrepared(database.admin)
    // Whoever looked whether the pooler is ready has prepared something.
    const endServerConnection = async () => { await database.admin`select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = ${new URL(database.appUrl).username}` }
    await endServerConnection()
    for (let round = 0; round < 12; round++) {
      const tenant = TENANTS[round % 2 === 0 ? 0 : 1]
      const tenancy = round % 3 === 0 ? other : one
      t.same(await tenancy.runWithTenant(tenant, () => tenancy.sql`select title from deals where id = ${'1'}`), [{ title: tenant }])
    }
    t.same(await one.runWithTenant('acme', () => one.sql`select n from extensions.prepared_like('%')`), [{ n: 0 }])
    const naive = plainClient(t, url)
    await naive`select ${1}::int as n`
    await endServerConnection()
    await t.rejects(naive.unsafe('execute nowhere'), { code: '26000' }, 'negative control: a name is not known on a new connection of the server')
    t.equal((await one.runWithTenant('acme', () => one.sql`select title from deals where id = ${'1'}`))[0]?.['title'], 'acme', 'after a new connection of the server, at once')
  })
})
