import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { createTenancy } from '../../lib/index.ts'
import { type Fault, faultyProxy } from '../support/proxy.ts'
import { statsAtRest, testTenancy } from '../support/tenancy.ts'

/** Where in a transaction's life the connection breaks: the text that goes by then. The first three go in one write. */
const MOMENTS = { begin: 'begin\0', settings: 'tenant_acme', statement: 'insert into docs', commit: 'commit' }

const FAULTS: readonly Fault[] = ['cut before', 'cut after', 'reset', 'stall']

for (const [moment, text] of Object.entries(MOMENTS)) {
  for (const fault of FAULTS) {
    t.test(`a connection that breaks at ${moment} (${fault})`, async (t) => {
      const test = await testTenancy(t)
      const proxy = await faultyProxy(t, test.appUrl)
      const tenancy = await createTenancy({
        mode: 'multi',
        database: proxy.url,
        registryCacheMs: 60_000,
        lanes: { max: 1 },
        timeouts: { statement: 300, transaction: 3_000, acquire: 5_000, connect: 2_000 },
        log: { info () {}, warn () {}, error () {} }
      })
      t.teardown(() => tenancy.close())
      for (const id of ['acme', 'globex']) await tenancy.runWithTenant(id, () => tenancy.sql`select 1`)

      proxy.arm(text, fault)
      const started = performance.now()
      const write = tenancy.runWithTenant('acme', () => tenancy.sql.begin((tx) => tx`insert into docs (id, body) values (7, 'written')`)).then(() => 'done', (error: unknown) => error)
      const beside = tenancy.runWithTenant('globex', () => tenancy.sql`select current_setting('app.tenant_id') as tenant, body from docs`)
      const outcome = await write

      t.ok(proxy.hasStruck, 'the fault has struck')
      t.ok(performance.now() - started < 3_000, 'nobody waits for ever')
      if (moment === 'commit') t.match(outcome, { code: 'FST_TENANCY_TRANSACTION_OUTCOME_UNKNOWN' })
      else t.match(outcome, { code: /^FST_TENANCY_SQL_(CONNECTION_LOST|DEADLINE)$/ })
      t.same(await beside, [{ tenant: 'globex', body: 'secret of globex' }], 'the next tenant is served, on a connection of its own')

      await sleep(50)
      const written = (await test.documents()).filter(({ id }) => id === 7).map(({ place }) => place)
      if (moment !== 'commit') t.same(written, [], 'nothing of a lost transaction stays')
      if (moment === 'commit' && fault === 'cut after') t.same(written, ['tenant_acme'])
      t.match(await statsAtRest(tenancy), { lanes: { held: 0, waiting: 0 } })
    })
  }
}

t.test('a statement by itself whose connection breaks before the answer', async (t) => {
  for (const fault of ['cut before', 'cut after'] satisfies Fault[]) {
    t.test(`may have changed something, and says so (${fault})`, async (t) => {
      const test = await testTenancy(t)
      const proxy = await faultyProxy(t, test.appUrl)
      const tenancy = await createTenancy({ mode: 'multi', database: proxy.url, lanes: { max: 1 }, log: { info () {}, warn () {}, error () {} } })
      t.teardown(() => tenancy.close())
      const write = () => tenancy.runWithTenant('acme', () => tenancy.sql`insert into docs (id, body) values (${fault.length}, 'written')`)
      const read = () => tenancy.runWithTenant('acme', () => tenancy.sql`select body from docs where id = ${1}`)
      await read()
      await tenancy.runWithTenant('acme', () => tenancy.sql`update docs set body = body where id = ${1}`)
      proxy.arm('insert into docs', fault)
      // Its description is asked for first, and that changes nothing.
      await t.rejects(write(), { code: /FST_TENANCY_(SQL_CONNECTION_LOST|TRANSACTION_OUTCOME_UNKNOWN)/ })
      t.same(await read(), [{ body: 'secret of acme' }], 'the next one has a connection again')
    })
  }
})

t.test('a server that ends every connection', async (t) => {
  const { sql, as, killBackends, tenancy } = await testTenancy(t, { lanes: { max: 3 } })
  t.test('is served again at once, by as many connections (D-10)', async (t) => {
    await Promise.all(['acme', 'globex', 'acme'].map((id) => as(id, () => sql`select pg_sleep(0.05)`)))
    await killBackends()
    const bodies = await Promise.all(Array.from({ length: 20 }, async (_, index) => {
      const id = index % 2 === 0 ? 'acme' : 'globex'
      return await as(id, () => sql`select body from docs`).catch((error: unknown) => error)
    }))
    for (const [index, rows] of bodies.entries()) {
      if (rows instanceof Error) t.match(rows, { code: /FST_TENANCY_SQL_CONNECTION_LOST/ })
      else t.same(rows, [{ body: `secret of ${index % 2 === 0 ? 'acme' : 'globex'}` }])
    }
    t.same(await as('acme', () => sql`select body from docs`), [{ body: 'secret of acme' }])
    t.match(await statsAtRest(tenancy), { lanes: { held: 0, waiting: 0 } })
  })
})
