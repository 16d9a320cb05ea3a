import { finished } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createTenancy } from '../../lib/index.ts'
import { type Fault, faultyProxy } from '../support/proxy.ts'
import { type TestTenancy, statsAtRest, testTenancy } from '../support/tenancy.ts'

// What the soak found: connections that break in the middle of something. An error that nobody hears fails these tests too,
// because it ends the process.

const QUIET = { info () {}, warn () {}, error () {} }

async function behindProxy (t: { teardown (fn: () => unknown): void }, test: TestTenancy) {
  const proxy = await faultyProxy(t, test.appUrl)
  const tenancy = await createTenancy({ mode: 'multi', database: proxy.url, registryCacheMs: 60_000, lanes: { max: 2 }, timeouts: { statement: 300 }, log: QUIET })
  t.teardown(() => tenancy.close())
  await tenancy.runWithTenant('acme', () => tenancy.sql`select 1`)
  return { tenancy, sql: tenancy.sql, arm: (text: string, fault: Fault) => proxy.arm(text, fault) }
}

t.test('a cursor whose connection is lost while a batch is read', async (t) => {
  const { sql, as, killBackends, tenancy } = await testTenancy(t, { lanes: { max: 2 } })
  const cursor = () => sql`select n from generate_series(1, 10) n`.cursor(2)

  t.test('does not look as if it had come to its end', async (t) => {
    const batches: unknown[] = []
    const reading = as('acme', async () => {
      for await (const batch of cursor()) {
        batches.push(batch)
        if (batches.length === 2) {
          await killBackends()
          await sleep(50)
        }
      }
    })
    await t.rejects(reading, { code: 'FST_TENANCY_SQL_CONNECTION_LOST' })
    t.equal(batches.length, 2)
  })

  t.test('may be given up', async (t) => {
    await as('acme', async () => {
      for await (const batch of cursor()) {
        t.equal(batch.length, 2)
        await killBackends()
        await sleep(50)
        if (batch.length > 0) break
      }
    })
    await sleep(20)
    t.same(await as('globex', () => sql`select body from docs`), [{ body: 'secret of globex' }])
  })

  t.test('fails where it is read by a function', async (t) => {
    await t.rejects(as('acme', () => sql`select n from generate_series(1, 10) n`.cursor(2, async () => {
      await killBackends()
      await sleep(50)
    })), { code: 'FST_TENANCY_SQL_CONNECTION_LOST' })
    await sleep(20)
  })

  t.test('comes to its end where nothing is lost', async (t) => {
    let count = 0
    await as('acme', async () => { for await (const batch of cursor()) count += batch.length })
    t.equal(count, 10)
    t.match(await statsAtRest(tenancy), { lanes: { held: 0, waiting: 0, connections: { alone: 0 } } })
  })
})

t.test('a COPY that is written', async (t) => {
  const test = await testTenancy(t, { isolation: 'schema', lanes: { max: 2 } })
  const { as, sql } = test
  const copy = async (line: string, beforeEnd: () => Promise<void> = async () => {}): Promise<void> => {
    const rows = await sql`copy docs (tenant_id, id, body) from stdin`.writable()
    rows.write(line)
    await sleep(20)
    await beforeEnd()
    rows.end()
    await Promise.race([finished(rows, { readable: false }), sleep(2_000, undefined, { ref: false }).then(() => { throw new Error('hangs') })])
  }

  t.test('fails when the server refuses what it got, after everything was written', async (t) => {
    await t.rejects(as('acme', () => copy('acme\t1\ttwice\n')), { code: '23505' })
    await as('globex', () => copy('globex\t2\tsecond\n'))
    t.equal((await test.documents()).length, 3)
  })

  t.test('fails when its connection is lost before its end is confirmed', async (t) => {
    const { tenancy, sql: behind, arm } = await behindProxy(t, test)
    arm('last\n', 'stall')
    const stuck = tenancy.runWithTenant('acme', async () => {
      const rows = await behind`copy docs (tenant_id, id, body) from stdin`.writable()
      rows.end('acme\t9\tlast\n')
      await sleep(20)
      await Promise.race([Promise.all([finished(rows, { readable: false }), test.killBackends()]), sleep(2_000, undefined, { ref: false }).then(() => { throw new Error('hangs') })])
    })
    await t.rejects(stuck, { code: 'FST_TENANCY_TRANSACTION_OUTCOME_UNKNOWN' })
  })
})

t.test('a change whose answer does not come in time', async (t) => {
  t.test('may be there, and says so', async (t) => {
    const { tenancy, sql, arm } = await behindProxy(t, await testTenancy(t))
    const write = (id: number) => tenancy.runWithTenant('acme', () => sql`insert into docs (id, body) values (${id}, ${'slow'})`)
    await write(2)
    arm('slow', 'stall')
    await t.rejects(write(3), { code: 'FST_TENANCY_TRANSACTION_OUTCOME_UNKNOWN', cause: { code: 'FST_TENANCY_SQL_DEADLINE' } })
    arm('reads', 'stall')
    await t.rejects(tenancy.runWithTenant('acme', () => sql`select ${'reads'} as x`), { code: 'FST_TENANCY_SQL_DEADLINE' }, 'what only reads may be tried again')
  })
})

t.test('a query that calls a function whose answer is lost', async (t) => {
  t.test('may have written, and says so', async (t) => {
    const test = await testTenancy(t)
    await test.admin.unsafe("create function tenant_acme.add_doc(doc int) returns int language sql as $$ insert into tenant_acme.docs (id, body) values (doc, 'called') returning id $$; grant execute on function tenant_acme.add_doc to public")
    const { tenancy, sql, arm } = await behindProxy(t, test)
    const call = (text: string, id: number, mark: string) => tenancy.runWithTenant('acme', () => sql.unsafe(text, [id, mark], { prepare: true }))
    let id = 1
    for (const text of ['select add_doc($1), $2::text', 'values (add_doc($1), $2::text)', 'select count(*), $2::text from docs, "add_doc"($1)']) {
      t.equal((await call(text, ++id, 'known')).length, 1)
      arm('marked', 'cut after')
      await t.rejects(call(text, ++id, 'marked'), { code: 'FST_TENANCY_TRANSACTION_OUTCOME_UNKNOWN' })
      t.equal((await test.documents()).filter((doc) => doc.id === id).length, 1, 'it was written')
    }
    const read = 'select count(*), $2::text from docs where id = $1'
    await call(read, 1, 'known')
    arm('marked', 'cut after')
    await t.rejects(call(read, 1, 'marked'), { code: 'FST_TENANCY_SQL_CONNECTION_LOST' }, 'and what calls nothing of the kind may be tried again')
  })
})

t.test('the commit of a reserved connection', async (t) => {
  t.test('that is not confirmed leaves it open what is there', async (t) => {
    for (const text of ['commit', ';/* now */ END']) {
      const test = await testTenancy(t)
      const { tenancy, sql, arm } = await behindProxy(t, test)
      await t.rejects(tenancy.runWithTenant('acme', async () => {
        const reserved = await sql.reserve()
        await reserved`begin`
        await reserved`insert into docs (id, body) values (5, 'reserved')`
        arm(text, 'cut after')
        await Promise.resolve(reserved.unsafe(text)).finally(() => reserved.release())
      }), { code: 'FST_TENANCY_TRANSACTION_OUTCOME_UNKNOWN' })
      t.equal((await test.documents()).filter(({ id }) => id === 5).length, 1)
    }
  })
})

t.test('a transaction inside a transaction that was lost', async (t) => {
  const { sql, as, killBackends, documents } = await testTenancy(t, { lanes: { max: 2 } })
  t.test('is none of its own: the half of it would stay', async (t) => {
    const inner: unknown[] = []
    await t.rejects(as('acme', () => sql.begin(async (tx) => {
      await tx`insert into docs (id, body) values (7, 'outer')`
      await killBackends()
      await sleep(50)
      inner.push(await sql.begin(async (point) => await point`insert into docs (id, body) values (8, 'inner')`).catch((error: unknown) => error))
    })), { code: 'FST_TENANCY_SQL_CONNECTION_LOST' })
    // The callback goes on behind the rejection.
    for (let tries = 0; inner.length === 0 && tries < 200; tries++) await sleep(25)
    t.match(inner, [{ code: 'FST_TENANCY_TRANSACTION_ENDED' }])
    t.same((await documents()).map(({ id }) => id), [1, 1])
  })
})

t.test('a statement that nobody awaits, in a transaction that was lost', async (t) => {
  const { sql, as, killBackends } = await testTenancy(t, { lanes: { max: 2 } })
  t.test('does not end the process', async (t) => {
    await t.rejects(as('acme', () => sql.begin(async (tx) => {
      await tx`select 1`
      await killBackends()
      await sleep(50)
      tx`insert into docs (id, body) values (6, 'forgotten')`.execute()
    })), { code: 'FST_TENANCY_SQL_CONNECTION_LOST' })
    await sleep(20)
    t.same(await as('globex', () => sql`select body from docs`), [{ body: 'secret of globex' }])
  })
})
