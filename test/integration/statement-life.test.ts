import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { createTenancy, type TenancyOptions } from '../../lib/index.ts'
import { faultyProxy } from '../support/proxy.ts'
import { type TestTenancy, testTenancy } from '../support/tenancy.ts'

const QUIET = { info () {}, warn () {}, error () {} }

/** Opens one more tenancy on the database of `test`, with options of postgres.js. */
async function withDriverOptions (t: { teardown (fn: () => unknown): void }, test: TestTenancy, driver: object, options: TenancyOptions = {}) {
  const { hostname: host, port, username: user, password, pathname } = new URL(test.appUrl)
  const tenancy = await createTenancy({ mode: 'multi', log: QUIET, database: { host, port: Number(port), user, password, database: pathname.slice(1), ...driver }, ...options })
  t.teardown(() => tenancy.close())
  return tenancy
}

t.test('a row that cannot be read', async (t) => {
  t.test('in a cursor of a transaction ends the transaction, and nobody waits for ever', async (t) => {
    const test = await testTenancy(t)
    const tenancy = await withDriverOptions(t, test, { types: { bad: { to: 23, from: [23], serialize: String, parse: (text: string) => { if (text === '2') throw new Error('cannot be read'); return Number(text) } } } },
      { lanes: { max: 2 }, timeouts: { statement: 3_000, transaction: 5_000 } })
    const outcome = tenancy.runWithTenant('acme', () => tenancy.sql.begin(async (tx) => {
      await tx`select generate_series(1, 5)::int as x`.cursor(1, () => {})
    })).then(() => 'committed', (error: unknown) => error)
    const first = await Promise.race([outcome, sleep(2_500, 'hangs', { ref: false })])
    t.ok(first instanceof Error, String(first))
    t.same(await tenancy.runWithTenant('globex', () => tenancy.sql`select body from docs`), [{ body: 'secret of globex' }])
  })
})

t.test('one tenant\'s slow statements', async (t) => {
  t.test('leave a connection to the others, although some of its own wait', async (t) => {
    const { sql, as } = await testTenancy(t, { lanes: { max: 3 } })
    const busy = Array.from({ length: 60 }, () => as('acme', () => sql`select pg_sleep(0.15)`))
    await sleep(100)
    const started = performance.now()
    await as('globex', () => sql`select 1`)
    const took = performance.now() - started
    t.ok(took < 140, `served after ${took.toFixed()} ms, not behind a slow one`)
    await Promise.all(busy)
  })
})

t.test('a statement by itself that had a connection alone, and lost it', async (t) => {
  t.test('may have changed something, and says so', async (t) => {
    const test = await testTenancy(t)
    const proxy = await faultyProxy(t, test.appUrl)
    const tenancy = await createTenancy({ mode: 'multi', database: proxy.url, lanes: { max: 2 }, log: QUIET })
    t.teardown(() => tenancy.close())
    const write = (id: number) => tenancy.runWithTenant('acme', () => tenancy.sql.alone`insert into docs (id, body) values (${id}, 'written by myself')`)
    await write(20)
    proxy.arm('\u000221', 'cut after')
    await t.rejects(write(21), { code: 'FST_TENANCY_TRANSACTION_OUTCOME_UNKNOWN' })
  })
})

t.test('a reserved connection', async (t) => {
  t.test('is no way to prepared transactions, nor to control in a text of the simple protocol', async (t) => {
    const { sql, as } = await testTenancy(t, { lanes: { max: 2 } })
    await as('acme', async () => {
      const reserved = await sql.reserve()
      for (const text of ['prepare transaction \'x\'', 'commit prepared \'x\'', 'rollback prepared \'x\'']) await t.rejects(reserved.unsafe(text), { code: 'FST_TENANCY_SQL_REFUSED' }, text)
      await t.rejects(Promise.resolve(reserved.unsafe('begin').simple()), { code: 'FST_TENANCY_SQL_REFUSED' })
      await t.rejects(Promise.resolve(reserved`commit`.describe()), { code: 'FST_TENANCY_SQL_REFUSED' })
      reserved.release()
    })
  })

  t.test('takes the same control as often as one likes, whichever lane it comes by', async (t) => {
    const { sql, as } = await testTenancy(t, { lanes: { max: 2 } })
    for (let round = 0; round < 3; round++) {
      await as('acme', async () => {
        const reserved = await sql.reserve()
        for (let n = 0; n < 2; n++) {
          await reserved`begin`
          t.same(await reserved`select body from docs`, [{ body: 'secret of acme' }])
          await reserved`rollback`
        }
        reserved.release()
      })
    }
  })
})

t.test('describe()', async (t) => {
  t.test('tells of the table as it is now', async (t) => {
    const { sql, as, admin } = await testTenancy(t)
    const names = () => as('acme', async () => (await sql`select * from docs`.describe()).columns.map(({ name }) => name))
    t.same(await names(), ['tenant_id', 'id', 'body'])
    await admin.unsafe('alter table tenant_acme.docs add extra int')
    t.same(await names(), ['tenant_id', 'id', 'body', 'extra'])
  })
})

t.test('cancel()', async (t) => {
  const { sql, as } = await testTenancy(t, { lanes: { max: 2 } })

  t.test('reaches a query that is not sent yet', async (t) => {
    await as('acme', async () => {
      const query = sql`select pg_sleep(5)`.execute()
      query.cancel()
      await t.rejects(Promise.resolve(query), { code: '57014' })
      const next = sql`select pg_sleep(5)`.execute()
      await Promise.resolve()
      await Promise.resolve()
      next.cancel()
      await t.rejects(Promise.resolve(next), { code: '57014' })
    })
  })

  t.test('of a query that was answered long ago reaches nobody who has its lane now (D-14)', async (t) => {
    const single = await testTenancy(t, { lanes: { max: 1 } })
    const old = await single.as('acme', async () => {
      const query = single.sql`select 1 as x`
      await query
      return { query }
    })
    const slow = single.as('globex', () => single.sql`select pg_sleep(0.3), body from docs`)
    await sleep(100)
    old.query.cancel()
    t.match(await slow, [{ body: 'secret of globex' }])
  })

  t.test('reaches the statement of a transaction, which is rolled back', async (t) => {
    await t.rejects(as('acme', () => sql.begin(async (tx) => {
      const query = tx`select pg_sleep(5)`
      setTimeout(() => query.cancel(), 100)
      await query
    })), { code: '57014' })
    t.same(await as('globex', () => sql`select body from docs`), [{ body: 'secret of globex' }])
  })
})

t.test('transforms and types of the user', async (t) => {
  t.test('change the user\'s rows, and nothing that the package asks for itself', async (t) => {
    const test = await testTenancy(t)
    const other = { to: 25, from: [25], serialize: () => 'globex', parse: (text: string) => text.toUpperCase() }
    for (const driver of [{ transform: postgres.toPascal }, { transform: { row: () => ({ id: 'globex' }) } }, { transform: { value: () => 'globex' } }, { types: { text: other } }]) {
      const tenancy = await withDriverOptions(t, test, driver)
      t.equal((await tenancy.registry.get('acme')).id, 'acme')
      t.equal((await tenancy.runWithTenant('acme', () => tenancy.sql`select id from docs`)).length, 1)
    }
    const tenancy = await withDriverOptions(t, test, { transform: postgres.toPascal })
    t.same(await tenancy.runWithTenant('acme', () => tenancy.sql`select body as some_body from docs`), [{ SomeBody: 'secret of acme' }])
  })
})

t.test('close()', async (t) => {
  t.test('waits for what was executed in the same tick', async (t) => {
    const { sql, as, tenancy } = await testTenancy(t)
    const rows = as('acme', () => {
      const query = sql`select 1 as x`.execute()
      return { query, closed: tenancy.close() }
    })
    const { query, closed } = await rows
    t.same(await as('acme', async () => await query).catch((error: unknown) => error), [{ x: 1 }])
    await closed
  })
})

t.test('statements that wait for a connection that cannot be opened', async (t) => {
  t.test('do not wait for ever while a transaction has the only one', async (t) => {
    const { sql, as, admin, appUrl } = await testTenancy(t, { lanes: { max: 2 }, timeouts: { acquire: 300 }, registryCacheMs: 60_000 })
    await as('acme', () => sql`select 1`)
    await as('globex', () => sql`select 1`)
    const role = new URL(appUrl).username
    await admin.unsafe(`alter role ${role} connection limit 0`)
    await as('acme', () => sql.begin(async (tx) => {
      const [own] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`
      await admin`select pg_terminate_backend(pid, 2000) from pg_stat_activity where usename = ${role} and pid <> ${own?.pid ?? 0}`
      await sleep(50)
      const outcome = await Promise.race([sql`select 1`.then(() => 'served', (error: unknown) => error), sleep(2_000, 'hangs', { ref: false })])
      t.match(outcome, { code: 'FST_TENANCY_SQL_QUEUE_TIMEOUT' })
      await admin.unsafe(`alter role ${role} connection limit -1`)
    }))
    t.equal((await as('globex', () => sql`select 1`)).length, 1)
  })
})
