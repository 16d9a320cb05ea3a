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

t.test('a statement that no longer fits its table', async (t) => {
  const { sql, as, admin, documents } = await testTenancy(t, { lanes: { max: 1 } })
  const update = (id: string): Promise<unknown> => as(id, () => sql`update docs set body = ${`written by ${id}`}::text where id = ${1}`)
  const read = (id: string): Promise<unknown> => as(id, async () => [...await sql`select body from docs where id = ${1}`])
  const batches = async (): Promise<readonly unknown[]> => {
    const batch: unknown[] = []
    await as('acme', () => sql`select id, body from docs where id = ${1}`.cursor(1, (rows) => { batch.push(...rows) }))
    return batch
  }
  // Often enough that every lane has prepared all of it.
  for (let time = 0; time < 8; time++) {
    await Promise.all(['acme', 'globex'].flatMap((id) => [update(id), read(id)]))
    t.match(await batches(), [{ body: 'written by acme' }])
  }
  await as('globex', () => sql`update docs set body = 'secret of globex'`)
  await admin`alter table tenant_acme.docs alter column body type int using 7`

  t.test('fails with what the server said, and never runs as the next tenant of its lane (D-08)', async (t) => {
    for (let round = 0; round < 6; round++) {
      // Whoever has the lane next must neither get the statement of the one before nor wait for ever.
      const answers = await Promise.race([
        Promise.allSettled([update('acme'), ...Array.from({ length: 8 }, async () => [await read('globex'), await read('globex')])]),
        sleep(15_000, ['hangs'], { ref: false })
      ])
      const [refused, ...others] = answers
      t.match(refused, { status: 'rejected', reason: { code: '42804', message: /is of type integer but expression is of type text/, routine: 'transformAssignedExpr' } })
      t.equal(others.length, 8)
      for (const other of others) t.match(other, { status: 'fulfilled', value: [[{ body: 'secret of globex' }], [{ body: 'secret of globex' }]] })
    }
    t.match((await documents()).filter(({ tenant_id: tenant }) => tenant === 'globex'), [{ body: 'secret of globex' }], 'and what globex has is what it was')
  })

  t.test('as a text of the simple protocol too, under the name of a statement that the driver has prepared (D-08)', async (t) => {
    const { sql, as, admin } = await testTenancy(t, { lanes: { max: 1 } })
    for (const id of ['acme', 'globex']) await admin.unsafe(`create table tenant_${id}.given as select 3 as id; grant select on tenant_${id}.given to public`)
    const text = 'update docs set id = (select id from given) where id = 2'
    const options = { prepare: true, simple: true }
    for (let time = 0; time < 8; time++) await as('acme', () => sql.unsafe(text, [], { prepare: true }))
    await admin`alter table tenant_acme.given alter column id type text`
    for (const id of ['acme', 'globex']) await as(id, () => sql`insert into docs (id, body) values (2, ${`of ${id}`})`)
    for (let round = 0; round < 6; round++) {
      const [refused, ...others] = await Promise.allSettled([
        as('acme', () => sql.unsafe(text, [], options)),
        ...Array.from({ length: 8 }, () => as('globex', async () => [...await sql`select body from docs where id = 2`]))
      ])
      t.match(refused, { status: 'rejected', reason: { code: '42804', routine: 'transformAssignedExpr' } })
      for (const other of others) t.match(other, { status: 'fulfilled', value: [{ body: 'of globex' }] })
    }
  })

  t.test('and can be prepared anew is, a cursor too', async (t) => {
    t.match(await batches(), [{ body: 7 }])
    t.match(await read('acme'), [{ body: 7 }])
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
