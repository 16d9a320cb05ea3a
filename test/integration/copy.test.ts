import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { plainClient, testTenancy } from '../support/tenancy.ts'

/** What a stream says when it is over: that it has finished, or its error. */
function endOf (stream: Writable): Promise<unknown> {
  const ended = new Promise<unknown>((resolve) => { stream.on('finish', () => resolve('finished')).on('error', resolve) })
  return Promise.race([ended, sleep(2_000, 'nothing', { ref: false })])
}

const BAD_ROW = 'acme\tno number\tx\n'

t.test('COPY into a table', async (t) => {
  const { sql, as, documents } = await testTenancy(t, { isolation: 'schema', lanes: { max: 2 } })
  const GOOD_ROW = (id: number): string => `acme\t${id}\tx\n`

  for (const [when, rows] of [['last', [GOOD_ROW(10), BAD_ROW]], ['first', [BAD_ROW, ...Array.from({ length: 2_000 }, (_, n) => GOOD_ROW(n + 10))]]] as const) {
    t.test(`whose ${when} row is wrong fails in its stream, keeps nothing, and says "finished" neither then nor later`, async (t) => {
      const ended = await as('acme', async () => {
        const stream = await sql`copy docs (tenant_id, id, body) from stdin`.writable()
        const over = endOf(stream)
        let finishes = 0
        stream.on('finish', () => { finishes++ })
        for (const row of rows) stream.write(row)
        stream.end()
        return { over: await over, finishes: () => finishes }
      })
      t.match(ended.over, { code: '22P02' })
      for (let n = 0; n < 20; n++) t.same(await as('globex', () => sql`select body from docs`), [{ body: 'secret of globex' }])
      t.equal(ended.finishes(), 0, 'not by the answer of whoever had the lane next')
      t.equal((await documents()).length, 2)
    })
  }

  t.test('in a transaction fails in its stream, and the transaction with it', async (t) => {
    const outcome = as('acme', () => sql.begin(async (tx) => {
      const stream = await tx`copy docs (tenant_id, id, body) from stdin`.writable()
      const over = endOf(stream)
      stream.end(BAD_ROW)
      t.match(await over, { code: '22P02' })
    }))
    await t.rejects(outcome, { code: /22P02|FST_TENANCY_TRANSACTION_NOT_COMMITTED/ })
    t.equal((await documents()).length, 2)
  })

  t.test('whose connection is lost behind its last row fails in its stream', async (t) => {
    const other = await testTenancy(t, { isolation: 'schema', lanes: { max: 1 } })
    await other.admin.unsafe(`create function public.slow () returns trigger language plpgsql as 'begin perform pg_sleep(5); return new; end';
      create trigger slow before insert on tenant_acme.docs for each row when (new.id > 1) execute function public.slow(); grant usage on schema public to public`)
    const over = await other.as('acme', async () => {
      const stream = await other.sql`copy docs (tenant_id, id, body) from stdin`.writable()
      const ended = endOf(stream)
      stream.end(GOOD_ROW(5))
      await sleep(200)
      await other.killBackends()
      return await ended
    })
    t.match(over, { code: /^FST_TENANCY_/ })
    t.same(await other.as('globex', () => other.sql`select body from docs`), [{ body: 'secret of globex' }])
  })

  t.test('that nobody ends gives its connection back when its transaction is over (D-18)', async (t) => {
    const single = await testTenancy(t, { isolation: 'schema', lanes: { max: 1 } })
    for (const abandon of ['writable', 'readable'] as const) {
      await t.rejects(single.as('acme', () => single.sql.begin(async (tx) => {
        if (abandon === 'writable') (await tx`copy docs (tenant_id, id, body) from stdin`.writable()).write(GOOD_ROW(5))
        else (await tx`copy (select repeat('x', 10000) from generate_series(1, 5000)) to stdout`.readable()).on('error', () => {})
      })), { code: 'FST_TENANCY_TRANSACTION_ENDED' }, abandon)
      t.same(await single.as('globex', () => single.sql`select body from docs`), [{ body: 'secret of globex' }])
    }
    t.equal((await single.documents()).length, 2)
  })

  t.test('that nobody ends gives its connection back at its deadline (D-18)', async (t) => {
    const single = await testTenancy(t, { isolation: 'schema', lanes: { max: 1 }, timeouts: { statement: 300, transaction: 300 } })
    const over = await single.as('acme', async () => {
      const stream = await single.sql`copy docs (tenant_id, id, body) from stdin`.writable()
      stream.write(GOOD_ROW(5))
      const [error]: unknown[] = await once(stream, 'error')
      return error
    }).catch((error: unknown) => error)
    t.ok(over instanceof Error, String(over))
    t.same(await single.as('globex', () => single.sql`select body from docs`), [{ body: 'secret of globex' }])
    t.equal((await single.documents()).length, 2)
  })
})

t.test('COPY out of a table', async (t) => {
  const { sql, as } = await testTenancy(t, { lanes: { max: 2 } })
  for (const count of [10, 200, 3_000]) {
    t.test(`that the server gives up, ${count} rows behind the first, fails in its stream and leaves the connection`, async (t) => {
      const began = performance.now()
      await t.rejects(as('acme', () => sql.begin(async (tx) => {
        const text = `copy (select repeat('x', 1000) from generate_series(1, ${count}) n where 1 / (${count} - n) is not null) to stdout`
        for await (const rows of await tx.unsafe(text).readable()) t.ok(rows instanceof Buffer)
      })), { code: '22012' })
      t.ok(performance.now() - began < 900, 'nobody waits for a connection that nobody reads')
      t.same(await as('globex', () => sql`select body from docs`), [{ body: 'secret of globex' }])
    })
  }
})

t.test('the driver by itself says nothing of a wrong last row, and "finished" when another caller is answered (negative control)', async (t) => {
  const { adminUrl } = await testTenancy(t, { isolation: 'schema' })
  const plain = plainClient(t, adminUrl)
  const stream = await plain`copy tenant_acme.docs (tenant_id, id, body) from stdin`.writable()
  let end = 'nothing'
  stream.on('finish', () => { end = 'finished' }).on('error', () => { end = 'error' })
  stream.end(BAD_ROW)
  await sleep(200)
  t.equal(end, 'nothing')
  await plain`select 1`
  t.equal(end, 'finished')
})
