import { spawnSync } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import t from 'tap'
import { createTenancy, currentTenant, type Tenancy, type TenancyOptions } from '../../lib/index.ts'
import { type TestTenancy, plainClient, testTenancy } from '../support/tenancy.ts'

// Hazards of the driver that its pool, its options and its answers bring, beside those of driver-faults.

const TENANTS = ['acme', 'globex'] as const
const QUIET = { info () {}, warn () {}, error () {} }

/** Opens one more tenancy on the database of `test`, with options of postgres.js. */
async function open (t: { teardown (fn: () => unknown): void }, test: TestTenancy, driver: object, options: TenancyOptions = {}): Promise<Tenancy> {
  const { hostname: host, port, username: user, password, pathname } = new URL(test.appUrl)
  const tenancy = await createTenancy({ mode: 'multi', log: QUIET, database: { host, port: Number(port), user, password, database: pathname.slice(1), ...driver }, ...options })
  t.teardown(() => tenancy.close())
  return tenancy
}

/** Sets variables of the environment while `fn` runs. */
async function withEnvironment<T> (variables: Readonly<Record<string, string>>, fn: () => Promise<T>): Promise<T> {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const)
  Object.assign(process.env, variables)
  try {
    return await fn()
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name)
      else process.env[name] = value
    }
  }
}

t.test('transactions', async (t) => {
  t.test('begin and end whatever the environment says of the pipeline (J16, D-04)', async (t) => {
    const test = await testTenancy(t)
    await withEnvironment({ PGMAX_PIPELINE: '0', PGDEBUG: 'true' }, async () => {
      const tenancy = await createTenancy({ mode: 'multi', database: test.appUrl, ownerDatabase: test.ownerUrl, lanes: { max: 1 }, log: QUIET })
      t.teardown(() => tenancy.close())
      for (const tenant of TENANTS) {
        t.same(await tenancy.runWithTenant(tenant, () => tenancy.sql.begin((tx) => tx`select body from docs`)), [{ body: `secret of ${tenant}` }])
      }
      await tenancy.registry.setStatus('globex', 'active')
      const error = await tenancy.runWithTenant('acme', () => tenancy.sql`select ${'a value'}::int`).catch((error: unknown) => error)
      t.notOk(JSON.stringify({ ...Object(error) }).includes('a value'), 'an error shows no parameter')
    })
    t.same(await test.admin`select count(*)::int as n from pg_stat_activity where state like 'idle in transaction%' and datname = current_database()`, [{ n: 0 }])
  })

  t.test('inside as many others as there are connections do not wait for each other (D-12)', async (t) => {
    const { sql, as, documents } = await testTenancy(t, { lanes: { max: 3 } })
    const outcomes = await Promise.all(Array.from({ length: 9 }, async (_, n) => await as(n % 2 === 0 ? 'acme' : 'globex', () => sql.begin(async (tx) => {
      await tx`insert into docs (id, body) values (${n + 10}, 'outer')`
      await sleep(20)
      return (await sql.begin((inner) => inner`select count(*)::int as n from docs where id = ${n + 10}`))[0]?.['n']
    }))))
    t.same(outcomes, Array.from({ length: 9 }, () => 1))
    t.equal((await documents()).length, 11)
  })

  t.test('keep their connection while a socket fills and drains (D-15)', async (t) => {
    const { sql, as } = await testTenancy(t, { lanes: { max: 2 } })
    const large = 'x'.repeat(12 * 1024 * 1024)
    const seen = await Promise.all([
      as('acme', () => sql.begin(async (tx) => [...await tx`select body, length(${large}) as n from docs`, ...await tx`select body from docs`, ...await tx`select now() <> statement_timestamp() as is_inside`])),
      ...Array.from({ length: 10 }, () => as('globex', () => sql`select body, current_setting('app.tenant_id') as tenant from docs`))
    ])
    t.same(seen[0], [{ body: 'secret of acme', n: large.length }, { body: 'secret of acme' }, { is_inside: true }])
    for (const rows of seen.slice(1)) t.same(rows, [{ body: 'secret of globex', tenant: 'globex' }])
  })
})

t.test('an answer', async (t) => {
  t.test('that fails in the middle of its rows leaves no holes in the next one (J18, D-16)', async (t) => {
    const { sql, as } = await testTenancy(t, { lanes: { max: 1 } })
    for (let round = 0; round < 3; round++) {
      const failing = as('acme', () => sql`select 10 / (5 - x) as r from generate_series(1, 9) x`)
      const next = TENANTS.map((tenant) => as(tenant, () => sql`select body, x from docs, generate_series(1, 2) x`))
      await t.rejects(failing, { code: '22012' })
      for (const [index, rows] of (await Promise.all(next)).entries()) {
        t.same(rows, [{ body: `secret of ${TENANTS[index]}`, x: 1 }, { body: `secret of ${TENANTS[index]}`, x: 2 }])
        t.same(Object.keys(rows).filter((key) => /^\d+$/.test(key)), ['0', '1'])
      }
    }
  })

  t.test('that has to be asked for again, because a table changed, comes from the tenant\'s own schema, and so do writes (J08, J30, D-08)', async (t) => {
    const { sql, as, admin } = await testTenancy(t, { lanes: { max: 1 } })
    await admin.unsafe(`create table tenant_acme.things (a int); create table tenant_globex.things (b text, c int);
      grant all on tenant_acme.things, tenant_globex.things to public`)
    const count = async (): Promise<unknown> => (await admin`select (select count(*)::int from tenant_acme.things) as acme, (select count(*)::int from tenant_globex.things) as globex`)[0]
    for (let round = 1; round <= 3; round++) {
      for (const tenant of TENANTS) {
        const rows = await as(tenant, () => sql`insert into things select 7 returning *`)
        t.equal(Object.values(rows[0] ?? {})[0], tenant === 'acme' ? 7 : '7')
        t.equal((await as(tenant, () => sql`select * from things`)).length, round)
        await as(tenant, () => sql.begin((tx) => tx`select * from things`))
      }
      t.same(await count(), { acme: round, globex: round })
      await admin.unsafe(`alter table tenant_acme.things add x${round} int; alter table tenant_globex.things add y${round} text default 'y'`)
    }
  })
})

t.test('cancel()', async (t) => {
  t.test('does nothing to a statement with others behind it, which are all answered (J11, D-14)', async (t) => {
    const { sql, as, tenancy } = await testTenancy(t, { lanes: { max: 1 }, registryCacheMs: 60_000 })
    for (const tenant of TENANTS) await as(tenant, () => sql`select pg_sleep(${0}), body from docs`)
    const { slow } = await as('acme', () => ({ slow: sql`select pg_sleep(${0.4}), body from docs`.execute() }))
    const behind = Array.from({ length: 5 }, () => as('globex', () => sql`select pg_sleep(${0}), body from docs`))
    await sleep(100)
    const { discarded } = (await tenancy.stats()).lanes.connections
    slow.cancel()
    t.match(await as('acme', async () => await slow), [{ body: 'secret of acme' }])
    for (const rows of await Promise.all(behind)) t.match(rows, [{ body: 'secret of globex' }])
    t.equal((await tenancy.stats()).lanes.connections.discarded, discarded)
  })

  t.test('in a race with answers reaches nobody else (D-14)', async (t) => {
    const { sql, as } = await testTenancy(t, { lanes: { max: 2 } })
    let cancelled = 0
    for (let round = 0; round < 40; round++) {
      const mine = as('acme', async () => {
        const query = sql.alone`select body from docs, pg_sleep(${(round % 8) / 500})`
        setTimeout(() => query.cancel(), round % 5)
        return await query
      }).catch((error: unknown) => error)
      const others = [as('globex', () => sql`select body from docs`), as('globex', () => sql.alone`select body from docs, pg_sleep(0.002)`)]
      for (const rows of await Promise.all(others)) t.match(rows, [{ body: 'secret of globex' }])
      const outcome = await mine
      if (outcome instanceof Error) {
        t.match(outcome, { code: /^(57014|FST_TENANCY_SQL_CONNECTION_LOST)$/ })
        cancelled++
      } else {
        t.match(outcome, [{ body: 'secret of acme' }])
      }
    }
    t.ok(cancelled > 0, `${cancelled} were cancelled`)
  })
})

t.test('options of postgres.js', async (t) => {
  const test = await testTenancy(t)

  t.test('sql(name) names what it says and no schema of another, and a transform of names does not touch the tenant\'s (D-20)', async (t) => {
    t.same(await test.as('acme', () => test.sql`select body from ${test.sql('tenant_globex.docs')}`), [], 'the policies hold')
    for (const id of ['twoParts', 'two_parts']) {
      await test.tenancy.provision({ id })
      await test.as(id, () => test.sql`insert into docs (id, body) values (1, ${id})`)
    }
    const tenancy = await open(t, test, { transform: postgres.camel })
    for (const id of ['twoParts', 'two_parts']) t.same(await tenancy.runWithTenant(id, () => tenancy.sql`select tenant_id, body from docs`), [{ tenantId: id, body: id }])
  })

  t.test('that tune what is not used do no harm', async (t) => {
    const tenancy = await open(t, test, { backoff: () => 0, publications: 'all', keep_alive: 1, connect_timeout: 1, no_subscribe: false, fetch_types: false, onnotify: () => {}, connection: { application_name: 'zakops test', geqo: false } })
    for (const tenant of TENANTS) t.same(await tenancy.runWithTenant(tenant, () => tenancy.sql`select body, current_setting('application_name') as name from docs`), [{ body: `secret of ${tenant}`, name: 'zakops test' }])
    t.same(await tenancy.runWithTenant('acme', () => tenancy.sql`select array[1, 2] as a`), [{ a: '{1,2}' }], 'without array types, as asked for')
  })

  t.test('that would decide the tenant, the role or the connection are refused before anything is opened (D-19)', async (t) => {
    const refused = [{ connection: { search_path: 'tenant_acme' } }, { connection: { 'app.tenant_id': 'acme' } }, { connection: { role: 'postgres' } }, { connection: { options: '-c app.tenant_id=acme' } },
      { connection: { statement_timeout: 1 } }, { socket: () => ({}) }, { max_pipeline: 0 }, { max_lifetime: 1 }, { debug: () => {} }, { host: ['a', 'b'] }, { target_session_attrs: 'primary' }]
    for (const driver of refused) await t.rejects(open(t, test, driver), { code: 'FST_TENANCY_OPTIONS_INVALID' }, JSON.stringify(driver))
    const { hostname, port } = new URL(test.appUrl)
    await t.rejects(withEnvironment({ PGTARGETSESSIONATTRS: 'standby' }, () => open(t, test, {})), { code: 'FST_TENANCY_OPTIONS_INVALID' })
    await t.rejects(withEnvironment({ PGHOST: `${hostname}:${port},elsewhere.example:1` }, () => open(t, test, { host: undefined, port: undefined })), { code: 'FST_TENANCY_OPTIONS_INVALID' })
  })

  t.test('cannot hand a later tenant what SQL put into the session: nothing is left after a reconnect either', async (t) => {
    const tenancy = await open(t, test, {}, { lanes: { max: 1 } })
    await tenancy.runWithTenant('acme', () => tenancy.sql`select set_config('search_path', 'tenant_acme', false), set_config('app.tenant_id', 'acme', false)`)
    await test.killBackends()
    await sleep(50)
    t.same(await tenancy.runWithTenant('globex', () => tenancy.sql`select body from docs`), [{ body: 'secret of globex' }])
  })
})

t.test('the context', async (t) => {
  const { sql, as } = await testTenancy(t)
  const who = async (): Promise<string> => String((await sql`select body from docs`)[0]?.['body'])

  t.test('of a thenable is that of whoever awaits it, and of a listener that of whoever emits (A-06)', async (t) => {
    const thenable = await as('acme', () => ({ thenable: { then: (resolve: (text: string) => void, reject: (error: unknown) => void) => { who().then(resolve, reject) } } }))
    t.equal(await as('globex', async () => await thenable.thenable), 'secret of globex')
    const emitter = new EventEmitter()
    const seen: unknown[] = []
    await as('acme', () => { emitter.on('event', () => seen.push(currentTenant()?.id)) })
    await as('globex', () => { emitter.emit('event') })
    emitter.emit('event')
    t.same(seen, ['globex', undefined])
  })

  t.test('lives on in work that outlives its callback, and holds no connection (A-07)', async (t) => {
    const later: Array<Promise<string>> = []
    for (const tenant of TENANTS) await as(tenant, () => { later.push(sleep(50).then(who)) })
    t.same(await Promise.all(later), ['secret of acme', 'secret of globex'])
    const queue: Array<() => Promise<string>> = []
    await as('acme', () => { queue.push(who) })
    await t.rejects(Promise.all(queue.map((job) => job())), { code: 'FST_TENANCY_CONTEXT_MISSING' }, 'a queue that somebody else works off has none')
  })
})

t.test('the driver by itself (negative control)', async (t) => {
  t.test('leaves holes in the next answer (J18)', async (t) => {
    const { appUrl } = await testTenancy(t)
    const plain = plainClient(t, appUrl)
    const failing = plain`select 10 / (5 - x) as r from generate_series(1, 9) x`.catch(() => 'rejected')
    const next = plain`select x from generate_series(1, 2) x`.execute()
    t.equal(await failing, 'rejected')
    t.notSame(Object.keys(await next).filter((key) => /^\d+$/.test(key)), ['0', '1'])
  })

  t.test('ends the process, or hangs, where there is no pipeline (D-04)', async (t) => {
    const { appUrl } = await testTenancy(t)
    const script = `import postgres from 'postgres'
      const sql = postgres(${JSON.stringify(appUrl)}, { max: 1, fetch_types: false, max_pipeline: 0 })
      setTimeout(() => process.exit(3), 3000)
      await sql.begin((tx) => tx\`select 1\`)
      process.exit(0)`
    const { status } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'ignore', env: {} })
    t.not(status, 0)
  })
})
