import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createTenancy, type Tenancy, type TenancyOptions } from '../../lib/index.ts'
import { type Pieces, piecesProxy } from '../support/pieces.ts'
import { type TestTenancy, testTenancy } from '../support/tenancy.ts'

// What a real server, and what lies between, may do to an answer: cut it, join it, put something in, or stop in the middle.

const TENANTS = ['acme', 'globex'] as const
const QUIET = { info () {}, warn () {}, error () {} }

/** Opens one more tenancy on the database of `test`, with options of postgres.js. */
async function open (t: { teardown (fn: () => unknown): void }, test: TestTenancy, driver: object, options: TenancyOptions = {}): Promise<Tenancy> {
  const { hostname: host, port, username: user, password, pathname } = new URL(test.appUrl)
  const tenancy = await createTenancy({ mode: 'multi', log: QUIET, database: { host, port: Number(port), user, password, database: pathname.slice(1), ...driver }, ...options })
  t.teardown(() => tenancy.close())
  return tenancy
}

/** One of everything that is sent, for a tenant; returns whose data each of them saw. */
async function everything ({ sql, runWithTenant }: Tenancy, tenant: string): Promise<unknown> {
  return await runWithTenant(tenant, async () => {
    const seen: unknown[] = [
      ...await sql`select body from docs`,
      ...await sql`select body from docs where id = ${1}`,
      ...await sql`select body from docs`.simple(),
      ...await sql.begin(async (tx) => [...await tx`select body from docs`, ...await tx.savepoint((s) => s`select body from docs where id = ${1}`)])
    ]
    for await (const rows of sql`select body from docs, generate_series(1, 3)`.cursor(2)) seen.push(...rows)
    for await (const chunk of await sql`copy (select body from docs) to stdout`.readable()) seen.push({ body: String(chunk).trim() })
    await sql`select 1 / ${0}::int`.catch((error: unknown) => seen.push({ body: Object(error).code === '22012' ? `secret of ${tenant}` : String(error) }))
    return [...new Set(seen.map((row) => String(Reflect.get(Object(row), 'body'))))]
  })
}

t.test('answers that arrive', async (t) => {
  const test = await testTenancy(t)
  for (const pieces of [1, 3, 'joined'] satisfies Pieces[]) {
    t.test(`${pieces === 'joined' ? 'all at once' : `in pieces of ${pieces}`}, the log-in included, are each caller's own`, async (t) => {
      const proxy = await piecesProxy(t, test.appUrl, pieces)
      const tenancy = await createTenancy({ mode: 'multi', database: proxy.url, lanes: { max: 2 }, log: QUIET })
      t.teardown(() => tenancy.close())
      for (let round = 0; round < 2; round++) {
        const answers = await Promise.all([...TENANTS, ...TENANTS].map(async (tenant) => [tenant, await everything(tenancy, tenant)]))
        t.same(answers, [...TENANTS, ...TENANTS].map((tenant) => [tenant, [`secret of ${tenant}`]]))
      }
      // An error is the caller's before the rest of its answer has come, which here takes a while.
      for (let wait = 0; wait < 100 && (await tenancy.stats()).lanes.held > 0; wait++) await sleep(20)
      t.match(await tenancy.stats(), { lanes: { held: 0, waiting: 0, connections: { discarded: 0 } } })
    })
  }
})

t.test('what is large', async (t) => {
  const test = await testTenancy(t, { lanes: { max: 2 } })
  const { sql, as } = test
  const large = 'ä'.repeat(10 * 1024 * 1024)

  t.test('goes both ways, with small answers of another tenant beside it', async (t) => {
    const both = await Promise.all([
      as('acme', async () => (await sql`select ${large}::text as large, body from docs`)[0]),
      ...Array.from({ length: 20 }, () => as('globex', async () => (await sql`select body from docs`)[0])),
      as('acme', async () => (await sql`select ${large}::text as large, body from docs`)[0])
    ])
    for (const row of [both[0], both.at(-1)]) {
      t.ok(row?.['large'] === large)
      t.equal(row?.['body'], 'secret of acme')
    }
    t.same(both.slice(1, -1), Array.from({ length: 20 }, () => ({ body: 'secret of globex' })))
  })

  t.test('is written and read in transactions, texts of the simple protocol, and COPY', async (t) => {
    t.equal((await as('acme', () => sql.begin((tx) => tx`select length(${large}) as n`)))[0]?.['n'], large.length)
    t.equal((await as('acme', () => sql.unsafe(`select length('${large}') as n`).simple()))[0]?.['n'], large.length)
    let read = 0
    await as('acme', async () => {
      for await (const chunk of await sql`copy (select repeat('y', 20000000)) to stdout`.readable()) read += String(chunk).length
    })
    t.equal(read, 20_000_001)
    t.same(await as('globex', () => sql`select body from docs`), [{ body: 'secret of globex' }])
  })

  t.test('may be as many parameters as the protocol has room for, and one more meets its own statement only', async (t) => {
    const sum = (count: number) => as('acme', async () => {
      const numbers = Array.from({ length: count }, () => 1)
      return (await sql.unsafe(`select count(*)::int as n from (values ${numbers.map((_, index) => `($${index + 1}::int)`).join(',')}) v`, numbers))[0]?.['n']
    })
    t.equal(await sum(32_768), 32_768)
    t.equal(await sum(65_533), 65_533)
    const beside = as('globex', () => sql`select body from docs`)
    await t.rejects(sum(65_534), { code: 'MAX_PARAMETERS_EXCEEDED' })
    await t.rejects(sum(70_000), { code: 'MAX_PARAMETERS_EXCEEDED' })
    t.same(await beside, [{ body: 'secret of globex' }])
    t.equal(await sum(3), 3)
  })
})

t.test('a text without a statement', async (t) => {
  t.test('is answered with nothing, and the next one is right', async (t) => {
    const { sql, as } = await testTenancy(t, { lanes: { max: 1 } })
    for (const text of ['', ' ', '-- nothing', '/* nothing */']) {
      const outcome = await as('acme', () => sql.unsafe(text)).then((rows) => rows.length, (error: unknown) => Object(error).code)
      t.ok(outcome === 0 || outcome === 'FST_TENANCY_SQL_REFUSED', `${JSON.stringify(text)}: ${outcome}`)
      t.equal((await as('acme', () => sql.unsafe(text).simple())).length, 0)
      t.same(await as('globex', () => sql`select body from docs`), [{ body: 'secret of globex' }])
    }
  })
})

t.test('what a server says unasked', async (t) => {
  t.test('in the middle of answers shifts none of them', async (t) => {
    const test = await testTenancy(t)
    const notices: unknown[] = []
    const parameters: string[] = []
    const tenancy = await open(t, test, { onnotice: (notice: object) => notices.push(Reflect.get(notice, 'message')), onparameter: (_name: string, value: string) => parameters.push(value) }, { lanes: { max: 1 } })
    await test.admin.unsafe(`create function tenant_acme.noisy (n int) returns int language plpgsql as $$ begin
      raise notice 'notice %', n; raise warning 'warning %', n; perform set_config('datestyle', case when n % 2 = 0 then 'German' else 'ISO' end, true);
      perform pg_notify('channel', n::text); return n; end $$; grant execute on function tenant_acme.noisy to public; grant usage on schema tenant_acme to public`)
    const answers = await Promise.all(Array.from({ length: 40 }, async (_, n) => n % 2 === 0
      ? await tenancy.runWithTenant('acme', () => tenancy.sql`select noisy(${n}) as n, body from docs`)
      : await tenancy.runWithTenant('globex', () => tenancy.sql`select ${n}::int as n, body from docs`)))
    t.same(answers, Array.from({ length: 40 }, (_, n) => [{ n, body: `secret of ${n % 2 === 0 ? 'acme' : 'globex'}` }]))
    t.equal(notices.length, 40)
    t.ok(parameters.length > 0)
    t.same(parameters.filter((value) => value.includes('tenant_')), [], 'nobody hears of a path (PostgreSQL 18 reports it)')
    t.same(await tenancy.runWithTenant('acme', () => tenancy.sql.begin(async (tx) => [...await tx`select noisy(${2}) as n`, ...await tx`select body from docs`])), [{ n: 2 }, { body: 'secret of acme' }])
    t.same(await tenancy.runWithTenant('acme', () => tenancy.sql`select noisy(1); select noisy(2) as n`.simple()), [[{ noisy: 1 }], [{ n: 2 }]])
    t.match(await tenancy.stats(), { lanes: { connections: { discarded: 0 } } })
  })

  t.test('between answers does no harm either: a notice, a setting and a message of a channel', async (t) => {
    const test = await testTenancy(t)
    const proxy = await piecesProxy(t, test.appUrl, 65_536)
    const tenancy = await createTenancy({ mode: 'multi', database: proxy.url, lanes: { max: 1 }, log: QUIET })
    t.teardown(() => tenancy.close())
    const message = (type: string, body: string): Buffer => {
      const bytes = Buffer.alloc(5 + Buffer.byteLength(body))
      bytes.write(type + '\0\0\0\0' + body)
      bytes.writeInt32BE(bytes.length - 1, 1)
      return bytes
    }
    const unasked = [message('N', 'SNOTICE\0VNOTICE\0C00000\0Mhello\0\0'), message('S', 'TimeZone\0UTC\0'), message('A', '\0\0\0\x01channel\0payload\0')]
    for (const tenant of TENANTS) {
      const slow = tenancy.runWithTenant(tenant, () => tenancy.sql`select body, pg_sleep(0.1) from docs`)
      await sleep(50)
      proxy.inject(Buffer.concat(unasked))
      t.match(await slow, [{ body: `secret of ${tenant}` }])
      proxy.inject(Buffer.concat(unasked))
      await sleep(20)
    }
    t.match(await tenancy.stats(), { lanes: { connections: { discarded: 0 } } })
  })
})

t.test('a server that ends a connection in the middle of answers', async (t) => {
  const { sql, as, admin, appUrl, documents } = await testTenancy(t, { lanes: { max: 1 } })

  t.test('fails what it has not answered, each with a coded error, and shifts nothing', async (t) => {
    for (let round = 0; round < 3; round++) {
      const outcomes = Array.from({ length: 16 }, async (_, n) => {
        const tenant = n % 2 === 0 ? 'acme' : 'globex'
        const rows = await as(tenant, () => sql`select ${n}::int as n, body, pg_sleep(${n === 5 ? 0.3 : 0}) from docs`).catch((error: unknown) => error)
        if (rows instanceof Error) return t.match(rows, { code: 'FST_TENANCY_SQL_CONNECTION_LOST' })
        return t.match(rows, [{ n, body: `secret of ${tenant}` }])
      })
      await sleep(100)
      await admin`select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = ${new URL(appUrl).username}`
      await Promise.all(outcomes)
      t.same(await as('globex', () => sql`select body from docs`), [{ body: 'secret of globex' }])
    }
    t.equal((await documents()).length, 2)
  })

  t.test('and ends it itself in a statement: FATAL is told to nobody else', async (t) => {
    // SQL of a tenant may not by itself.
    await admin`create function tenant_acme.gone() returns boolean language sql as 'select pg_terminate_backend(pg_backend_pid())'`
    const own = as('acme', () => sql`select gone()`)
    await t.rejects(own, { code: 'FST_TENANCY_TRANSACTION_OUTCOME_UNKNOWN' }, 'a function may have written before')
    for (const tenant of TENANTS) t.same(await as(tenant, () => sql`select body from docs`), [{ body: `secret of ${tenant}` }])
  })
})
