import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { createTenancy } from '../../lib/index.ts'
import { lookAtPrepared } from '../support/prepared.ts'
import { statsAtRest, testTenancy } from '../support/tenancy.ts'

t.test('COPY', async (t) => {
  const { sql, as, documents } = await testTenancy(t, { isolation: 'schema', lanes: { max: 2 } })
  const write = (chunks: readonly string[], isBroken = false) => as('acme', async () => {
    const rows = await sql`copy docs (tenant_id, id, body) from stdin`.writable()
    await new Promise<void>((resolve, reject) => {
      rows.on('finish', resolve).on('error', reject)
      for (const chunk of chunks) rows.write(chunk)
      if (isBroken) rows.destroy(new Error('given up'))
      else rows.end()
    })
  })

  t.test('writes rows of the tenant alone, many and long ones too', async (t) => {
    await write(Array.from({ length: 200 }, (_, index) => `acme\t${index + 10}\t${'x'.repeat(1_000)}\n`))
    t.equal((await documents()).filter(({ place }) => place === 'tenant_acme').length, 201)
    t.equal((await as('globex', () => sql`select count(*)::int as n from docs`))[0]?.['n'], 1)
  })

  t.test('reads them, however slowly', async (t) => {
    let length = 0
    await as('acme', async () => {
      for await (const chunk of await sql`copy (select repeat('y', 10000) from generate_series(1, 500)) to stdout`.readable()) {
        length += String(chunk).length
        if (length % 100_010 === 0) await sleep(1)
      }
    })
    t.equal(length, 500 * 10_001)
    t.same(await as('globex', () => sql`select body from docs`), [{ body: 'secret of globex' }])
  })

  t.test('keeps nothing when it is given up', async (t) => {
    const before = (await documents()).length
    await t.rejects(write(['acme\t900\tx\n'], true), { message: /given up/ })
    await sleep(50)
    t.equal((await documents()).length, before)
    t.same(await as('globex', () => sql`select body from docs`), [{ body: 'secret of globex' }])
  })
})

t.test('a statement that has a connection alone', async (t) => {
  t.test('is lost with it, and nobody else is', async (t) => {
    const { sql, as, admin } = await testTenancy(t, { lanes: { max: 2 } })
    const lost = t.rejects(as('acme', () => sql.alone`select pg_sleep(30)`), { code: 'FST_TENANCY_SQL_CONNECTION_LOST' })
    await sleep(100)
    await admin`select pg_terminate_backend(pid, 2000) from pg_stat_activity where query like '%pg_sleep(30)%' and pid <> pg_backend_pid()`
    await lost
    t.same(await as('globex', () => sql`select body from docs`), [{ body: 'secret of globex' }])
  })

  t.test('does not wait for ever for one', async (t) => {
    const { sql, as, tenancy } = await testTenancy(t, { lanes: { max: 2 }, timeouts: { acquire: 100 } })
    const holder = as('acme', () => sql.begin(async () => { await sleep(400) }))
    await sleep(20)
    await t.rejects(as('globex', () => sql.alone`select 1`), { code: 'FST_TENANCY_SQL_QUEUE_TIMEOUT' })
    t.same(await as('globex', () => sql`select body from docs`), [{ body: 'secret of globex' }], 'while those that share go on')
    await holder
    t.match(await statsAtRest(tenancy), { lanes: { held: 0, waiting: 0, connections: { alone: 0 } } })
  })

  t.test('is cancelled while it waits, and sends nothing', async (t) => {
    const { sql, as } = await testTenancy(t, { mode: 'multi', lanes: { max: 1, perTenant: 1 } })
    await as('acme', async () => {
      const many = Array.from({ length: 12 }, () => sql`select pg_sleep(0.05)`.execute())
      const last = sql`select 'never sent'`.execute()
      await sleep(5)
      last.cancel()
      await t.rejects(Promise.resolve(last), { code: '57014' })
      await Promise.all(many)
    })
  })
})

t.test('a reserved connection', async (t) => {
  t.test('is given up when its deadline passes', async (t) => {
    const { sql, as } = await testTenancy(t, { lanes: { max: 2 }, timeouts: { transaction: 100 } })
    await as('acme', async () => {
      const reserved = await sql.reserve()
      await reserved`select 1`
      await sleep(200)
      await t.rejects(Promise.resolve(reserved`select 1`), { code: /FST_TENANCY/ })
    })
  })
})

t.test('prepare: false', async (t) => {
  t.test('names nothing on the server, and answers the same', async (t) => {
    const { appUrl, admin } = await testTenancy(t)
    await lookAtPrepared(admin)
    const { hostname: host, port, username: user, password, pathname } = new URL(appUrl)
    const tenancy = await createTenancy({
      mode: 'multi',
      lanes: { max: 1 },
      log: { info () {}, warn () {}, error () {} },
      database: { host, port: Number(port), user, password: async () => password, database: pathname.slice(1), prepare: false }
    })
    t.teardown(() => tenancy.close())
    for (const id of ['acme', 'globex', 'acme']) {
      t.same(await tenancy.runWithTenant(id, () => tenancy.sql`select body from docs where id = ${1}`), [{ body: `secret of ${id}` }])
      t.same(await tenancy.runWithTenant(id, () => tenancy.sql`select n from extensions.prepared_like('%')`), [{ n: 0 }])
    }
  })
})
