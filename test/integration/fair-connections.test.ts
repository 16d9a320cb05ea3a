import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { statsAtRest, testTenancy } from '../support/tenancy.ts'

// What one tenant waits for must not be on every connection, and nobody else may wait for it.

t.test('a tenant that gives up statements which nobody can describe, because its table is locked, keeps its share of the connections', async (t) => {
  const { sql, as, admin, tenancy } = await testTenancy(t, { isolation: 'schema', lanes: { max: 4, perTenant: 2 } })
  await as('globex', async () => { await Promise.all(Array.from({ length: 32 }, () => sql`select pg_sleep(0.02)`)) })
  await admin.begin(async (tx) => {
    await tx.unsafe('lock table tenant_acme.docs in access exclusive mode')
    for (let n = 0; n < 20; n++) {
      await as('acme', async () => {
        const given = sql.unsafe(`select ${n} as n, id from docs`).execute()
        await sleep(15)
        given.cancel()
        await t.rejects(Promise.resolve(given), { code: '57014' })
      })
    }
    const [row] = await tx<{ n: number }[]>`select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
    t.equal(row?.n, 2, 'so many connections wait for the lock')
    const start = performance.now()
    t.same(await as('globex', () => sql`select body from docs`), [{ body: 'secret of globex' }])
    t.ok(performance.now() - start < 1_000, 'another tenant is served meanwhile')
  })
  t.same(await as('acme', () => sql`select body from docs`), [{ body: 'secret of acme' }])
  t.match(await statsAtRest(tenancy), { lanes: { held: 0, waiting: 0 } })
  await as('acme', async () => {
    const many = await Promise.all(Array.from({ length: 40 }, (_, n) => sql`select ${n}::int as n, body from docs`))
    t.ok(many.every(([row], n) => row?.['n'] === n && row['body'] === 'secret of acme'), 'and its share is its own again')
  })
})

t.test('no tenant waits for a description that stands behind slow statements of another', async (t) => {
  const { sql, as } = await testTenancy(t, { isolation: 'rls', lanes: { max: 4, perTenant: 2 } })
  await as('globex', async () => { await Promise.all(Array.from({ length: 32 }, () => sql`select pg_sleep(0.02)`)) })
  const slow = as('acme', async () => { await Promise.all(Array.from({ length: 14 }, () => sql`select pg_sleep(0.3)`)) })
  await sleep(100)
  const behind = as('acme', () => sql`select body from docs where id > 0`)
  await sleep(20)
  const start = performance.now()
  t.same(await as('globex', () => sql`select body from docs where id > 0`), [{ body: 'secret of globex' }])
  t.ok(performance.now() - start < 300, `it took ${Math.round(performance.now() - start)} ms`)
  t.same(await behind, [{ body: 'secret of acme' }])
  await slow
})

t.test('a burst of statements that nobody knows to be quick is served side by side, although the schema has a home', async (t) => {
  const { sql, as } = await testTenancy(t, { isolation: 'schema', lanes: { max: 6, perTenant: 6 } })
  await as('globex', async () => { await Promise.all(Array.from({ length: 48 }, () => sql`select pg_sleep(0.02)`)) })
  await as('acme', async () => {
    for (let n = 0; n < 20; n++) await Promise.all(Array.from({ length: 6 }, () => sql`select body from docs`))
    const start = performance.now()
    await Promise.all(Array.from({ length: 16 }, () => sql`select pg_sleep(0.1), body from docs`))
    const took = performance.now() - start
    t.ok(took < 1_250, `16 statements of 100 ms took ${Math.round(took)} ms`)
  })
})
