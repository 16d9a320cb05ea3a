import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql } from 'postgres'
import t from 'tap'
import { pour, wholeRows } from '../../lib/operations/transfer/pour.ts'
import { testDatabase } from '../support/database.ts'
import { plainClient } from '../support/tenancy.ts'

/** Rows of a kilobyte, of which the last cannot be read. */
const failingAt = (count: number): string => `copy (select repeat('x', 1000) from generate_series(1, ${count}) n where 1 / (${count} - n) is not null) to stdout`

/** The outcome of a transaction, or that it has none: the driver waits for ever on a connection that it has paused. */
async function outcome (sql: Sql, fn: Parameters<Sql['begin']>[1]): Promise<unknown> {
  const work = sql.begin(fn).then(() => 'committed', (error: unknown) => error)
  return await Promise.race([work, sleep(5_000, 'nothing', { ref: false })])
}

t.test('rows that the server gives up in the middle of', async (t) => {
  const { adminUrl } = await testDatabase(t)
  const [from, to] = [plainClient(t, adminUrl), plainClient(t, adminUrl)]
  await to`create table rows (body text)`

  for (const count of [10, 200, 3_000]) {
    t.test(`fail for whoever reads them, ${count} behind the first, and the transaction is over`, async (t) => {
      const reading = outcome(from, async (tx) => {
        for await (const rows of wholeRows({ tx, text: failingAt(count) })) t.ok(rows.length > 1_000)
      })
      t.match(await reading, { code: '22012' })
      t.same(await from`select 1 as one`, [{ one: 1 }], 'the connection goes on')
    })

    t.test(`are poured nowhere, ${count} behind the first`, async (t) => {
      const pouring = outcome(from, async (source) => {
        await to.begin((tx) => pour({ tx: source, text: failingAt(count) }, { tx, text: 'copy rows from stdin' }))
      })
      t.match(await pouring, { code: '22012' })
      t.same(await to`select count(*)::int from rows`, [{ count: 0 }])
    })
  }

  t.test('are poured all where it does not', async (t) => {
    const text = "copy (select repeat('x', 1000) from generate_series(1, 3000)) to stdout"
    t.equal(await outcome(from, async (source) => { await to.begin((tx) => pour({ tx: source, text }, { tx, text: 'copy rows from stdin' })) }), 'committed')
    t.same(await to`select count(*)::int from rows`, [{ count: 3_000 }])
  })
})
