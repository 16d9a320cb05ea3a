import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { type Tenancy, type TenancyOptions, createTenancy } from '../../lib/index.ts'
import { startPgBouncer, withoutPgBouncer } from '../support/pgbouncer.ts'
import { type TestTenancy, testTenancy } from '../support/tenancy.ts'

type TestScope = Parameters<typeof testTenancy>[0]

const silent = { info () {}, warn () {}, error () {} }
const CLOSED = { code: 'FST_TENANCY_LIFECYCLE_TENANT_CLOSED' }
const DENIED = { code: 'FST_TENANCY_TENANT_DENIED' }
const HOUR = 3_600_000

/** Another running tenancy on the same database, which believes what it has read for an hour. */
async function other (t: TestScope, { appUrl }: Pick<TestTenancy, 'appUrl'>, options: TenancyOptions = {}): Promise<Tenancy> {
  const tenancy = await createTenancy({ mode: 'multi', database: appUrl, registryCacheMs: HOUR, log: silent, ...options })
  t.teardown(() => tenancy.close())
  for (const id of ['acme', 'globex']) await tenancy.runWithTenant(id, () => tenancy.sql`select 1`)
  return tenancy
}

/** How long it takes until `tenancy` serves acme no more, in milliseconds. */
async function untilDenied (tenancy: Tenancy): Promise<number> {
  const start = performance.now()
  while (performance.now() - start < 10_000) {
    try {
      await tenancy.runWithTenant('acme', () => tenancy.sql`select 1`)
    } catch {
      break
    }
    await sleep(5)
  }
  return performance.now() - start
}

t.test('a suspension', async (t) => {
  t.test('is felt at once by another tenancy, however long it believes its answers', async (t) => {
    const test = await testTenancy(t)
    const away = await other(t, test)
    await test.tenancy.suspend('acme')
    const took = await untilDenied(away)
    t.ok(took < 500, `within ${Math.round(took)} ms`)
    await t.rejects(away.runWithTenant('acme', () => away.sql`select 1`), DENIED)
    t.same([...await away.runWithTenant('globex', () => away.sql`select body from docs`)], [{ body: 'secret of globex' }])
    await test.tenancy.resume('acme')
    for (let turn = 0; turn < 100 && await away.runWithTenant('acme', () => true).catch(() => false) === false; turn++) await sleep(10)
    t.same([...await away.runWithTenant('acme', () => away.sql`select body from docs`)], [{ body: 'secret of acme' }])
  })

  t.test('made by hand is felt too', async (t) => {
    const test = await testTenancy(t)
    const away = await other(t, test)
    await test.admin`update zakops_tenancy.tenants set status = 'suspended' where id = 'acme'`
    const took = await untilDenied(away)
    t.ok(took < 500, `within ${Math.round(took)} ms`)
  })

  t.test('is felt after the connection that hears of it was lost', async (t) => {
    const test = await testTenancy(t)
    const away = await other(t, test)
    await test.killBackends()
    await test.tenancy.suspend('acme')
    const took = await untilDenied(away)
    t.ok(took < 2_000, `within ${Math.round(took)} ms`)
  })

  t.test('ends what the tenant has open elsewhere, and nothing of another tenant', async (t) => {
    const test = await testTenancy(t)
    const away = await other(t, test)
    const closed: string[] = []
    for (const id of ['acme', 'globex']) away.onTenantClosed(id, () => { closed.push(id) })
    const taken = away.onTenantClosed('acme', () => { closed.push('taken back') })
    taken()
    let go = (): void => {}
    const gate = new Promise<void>((resolve) => { go = resolve })
    const transactionOf = (id: string) => away.runWithTenant(id, () => away.sql.begin(async (tx) => {
      await tx`insert into docs (id, body) values (2, ${`unfinished of ${id}`})`
      await gate
      await tx`select 1`
      return 'committed'
    }))
    const [acme, globex] = [transactionOf('acme'), transactionOf('globex')]
    const reserved = await away.runWithTenant('acme', () => away.sql.reserve())
    const cursor = away.runWithTenant('acme', async () => {
      for await (const [row] of away.sql`select generate_series(1, 1000) as n`.cursor(1)) await sleep(row === undefined ? 0 : 20)
    })
    acme.catch(() => {})
    cursor.catch(() => {})
    await sleep(200)
    await test.tenancy.suspend('acme')
    await t.rejects(acme, CLOSED)
    await t.rejects(cursor, CLOSED)
    await t.rejects(async () => await reserved`select 1`, { code: /FST_TENANCY_/ })
    go()
    t.equal(await globex, 'committed')
    t.same(closed, ['acme'])
    const documents = await test.documents()
    t.same(documents.map(({ body }) => body), ['secret of acme', 'secret of globex', 'unfinished of globex'])
  })

  t.test('calls a late callback too', async (t) => {
    const test = await testTenancy(t)
    const away = await other(t, test)
    await test.tenancy.suspend('acme')
    await untilDenied(away)
    const late = await new Promise((resolve) => { away.onTenantClosed('acme', () => resolve('called')) })
    t.equal(late, 'called')
  })

  t.test('observed, ends nothing', async (t) => {
    const test = await testTenancy(t)
    const away = await other(t, test, { enforce: false })
    away.onTenantClosed('acme', () => t.fail('closed'))
    const transaction = away.runWithTenant('acme', () => away.sql.begin(async (tx) => {
      await sleep(500)
      return (await tx`select 1 as one`)[0]?.['one']
    }))
    await test.tenancy.suspend('acme')
    t.equal(await transaction, 1)
  })

  t.test('of an archived tenant ends its listeners for good', async (t) => {
    const test = await testTenancy(t)
    const away = await other(t, test)
    const heard: string[] = []
    for (const id of ['acme', 'globex']) await away.runWithTenant(id, () => away.sql.listen('news', (payload) => { heard.push(`${id} ${payload}`) }))
    await test.tenancy.archive('acme')
    await untilDenied(away)
    await sleep(100)
    await test.tenancy.restore('acme')
    for (const id of ['acme', 'globex']) await test.as(id, () => test.sql.notify('news', 'again'))
    for (let turn = 0; turn < 100 && heard.length === 0; turn++) await sleep(10)
    await sleep(100)
    t.same(heard, ['globex again'])
  })
})

t.test('provisioning many tenants disturbs no process', async (t) => {
  const test = await testTenancy(t)
  const { admin } = test
  await admin`create table heard (n int)`
  const listener = await admin.listen('zakops_tenancy_registry', (payload) => { admin`insert into heard values (${payload.length})`.catch(() => {}) })
  await test.tenancy.provision({ id: 'initech' })
  await test.tenancy.suspend('acme')
  for (let turn = 0; turn < 100 && (await admin`select from heard`).count === 0; turn++) await sleep(10)
  await sleep(100)
  t.same([...await admin`select n from heard`], [{ n: 0 }], 'one notice, which names nobody')
  await listener.unlisten()
})

t.test('where nobody can listen', { skip: withoutPgBouncer() }, async (t) => {
  const test = await testTenancy(t)
  const { through } = await startPgBouncer(t, [test.appUrl], { mode: 'transaction' })
  const away = await createTenancy({ mode: 'multi', database: through(test.appUrl), registryCacheMs: 400, log: silent })
  t.teardown(() => away.close())
  await away.runWithTenant('acme', () => away.sql`select 1`)
  const transaction = away.runWithTenant('acme', () => away.sql.begin(async (tx) => {
    for (;;) {
      await tx`select 1`
      await sleep(20)
    }
  }))
  transaction.catch(() => {})
  await sleep(100)
  await test.tenancy.suspend('acme')
  const took = await untilDenied(away)
  t.ok(took < 1_000, `a suspension is felt by the cache alone: within ${Math.round(took)} ms`)
  await t.rejects(transaction, CLOSED, 'and ends what is open')
})

t.test('another process', async (t) => {
  const test = await testTenancy(t)
  const file = fileURLToPath(new URL('../support/tenancy-process.ts', import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, file, test.appUrl, String(HOUR)], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill())
  const lines: string[] = []
  child.stdout.on('data', (chunk: Buffer) => lines.push(...chunk.toString().split('\n').filter((line) => line !== '')))
  const until = async (...wanted: readonly string[]): Promise<number> => {
    const start = performance.now()
    while (!wanted.every((line) => lines.includes(line)) && performance.now() - start < 30_000) await sleep(5)
    return performance.now() - start
  }
  await until('acme began', 'globex began', 'acme served', 'globex served')
  t.same(lines.sort(), ['acme began', 'acme served', 'globex began', 'globex served'])
  lines.length = 0
  await test.tenancy.suspend('acme')
  const took = await until('acme closed', 'acme transaction FST_TENANCY_LIFECYCLE_TENANT_CLOSED')
  t.ok(took < 1_000, `ends what is open within ${Math.round(took)} ms`)
  child.stdin.write('try\n')
  await until('acme FST_TENANCY_TENANT_DENIED', 'globex served')
  t.same(lines.sort(), ['acme FST_TENANCY_TENANT_DENIED', 'acme closed', 'acme transaction FST_TENANCY_LIFECYCLE_TENANT_CLOSED', 'globex served'])
})
