import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { createTenancy } from '../../lib/index.ts'
import { type FaultyProxy, faultyProxy } from '../support/proxy.ts'
import { type TestTenancy, testTenancy } from '../support/tenancy.ts'

interface Opened {
  readonly behind: TestTenancy
  readonly proxy: FaultyProxy
  readonly sql: TestTenancy['sql']
  readonly as: TestTenancy['as']
  readonly stats: TestTenancy['tenancy']['stats']
}

/** A tenancy with two connections, behind a proxy that counts. */
async function opened (t: Parameters<typeof testTenancy>[0]): Promise<Opened> {
  const behind = await testTenancy(t)
  const proxy = await faultyProxy(t, behind.appUrl)
  const tenancy = await createTenancy({ mode: 'multi', database: proxy.url, registryCacheMs: 60_000, lanes: { max: 2 }, timeouts: { transaction: 2_000 }, log: { info () {}, warn () {}, error () {} } })
  t.teardown(() => tenancy.close())
  return { behind, proxy, sql: tenancy.sql, stats: () => tenancy.stats(), as: (tenantId, fn) => tenancy.runWithTenant(tenantId, fn) }
}

const idsOf = async ({ behind }: Opened): Promise<readonly number[]> => (await behind.documents()).filter(({ id }) => id > 1).map(({ id }) => id)

t.test('a transaction', async (t) => {
  const all = await opened(t)
  const { as, sql, proxy } = all
  const add = async (tx: Pick<typeof sql, 'unsafe'>, id: number): Promise<unknown> => await tx.unsafe('insert into docs (id, body) values ($1, $2) returning tenant_id', [id, 'x'], { prepare: true })

  t.test('begins with its first statement, in one round trip', async (t) => {
    await as('acme', () => sql.begin((tx) => add(tx, 10)))
    await as('globex', () => sql.begin((tx) => add(tx, 11)))
    // Another connection that is still being opened would be counted too.
    while ((await all.stats()).lanes.connections.opening > 0) await sleep(20)
    const before = proxy.writes
    t.match(await as('globex', () => sql.begin(async (tx) => [await add(tx, 12), await add(tx, 13)])), [[{ tenant_id: 'globex' }], [{ tenant_id: 'globex' }]])
    t.equal(proxy.writes - before, 3, 'the first statement, the second, and commit')
    t.same(await idsOf(all), [10, 11, 12, 13])
  })

  t.test('has its settings by another statement of the server\'s from its second one on: it would analyse and plan one for both anew, twice in each transaction', async (t) => {
    // SQL of a tenant may not look by itself.
    await all.behind.admin.unsafe(`
      create schema if not exists extensions;
      grant usage on schema extensions to public;
      create function extensions.settings_uses() returns int[] language sql as $$
        select array_agg((generic_plans + custom_plans)::int order by name) from pg_prepared_statements where name like 'zakops%' and statement like '%set_config%'
      $$`)
    const uses = async (tx: Pick<typeof sql, 'unsafe'>): Promise<readonly number[]> => (await tx.unsafe('select extensions.settings_uses() as uses', [], { prepare: true }))[0]?.['uses']
    const [first = [], second = [], third = []] = await as('globex', () => sql.begin(async (tx) => [await uses(tx), await uses(tx), await uses(tx)]))
    const since = (counts: readonly number[]): number[] => counts.map((count, i) => count - (first[i] ?? NaN))
    const again = second.findIndex((count, i) => count !== first[i])
    t.same([since(second), since(third)], again === 0 ? [[1, 0], [2, 0]] : [[0, 1], [0, 2]], 'the same one by the second and the third')
    t.ok((first[1 - again] ?? 0) > 0, 'the other one by the first')
  })

  t.test('of no statement is not sent at all, and leaves nothing to the next one', async (t) => {
    proxy.arm('begin', 'cut before')
    t.equal(await as('acme', () => sql.begin(async () => 'nothing')), 'nothing')
    await t.rejects(as('acme', () => sql.begin(async () => { throw new Error('changed my mind') })), { message: 'changed my mind' })
    await t.rejects(as('acme', () => sql.begin((tx) => tx`commit`)), { code: 'FST_TENANCY_SQL_REFUSED' })
    t.notOk(proxy.hasStruck)
    const alone = await as('globex', () => sql.alone`insert into docs (id, body) values (20, 'x')`)
    t.equal(alone.count, 1)
    t.notOk(proxy.hasStruck, 'the next one who has the connection alone is in no transaction')
    t.ok((await idsOf(all)).includes(20), 'and is committed')
    await t.rejects(as('acme', () => sql.begin((tx) => add(tx, 21))), { code: /^FST_TENANCY_SQL_/ })
    t.ok(proxy.hasStruck, 'positive control')
    t.notOk((await idsOf(all)).includes(21))
  })

  t.test('of no statement costs no connection, and the next one finds it cleaned', async (t) => {
    const { discarded } = (await all.stats()).lanes.connections
    await as('acme', () => sql`select set_config('my.trace', 'acme', false)`)
    for (let i = 0; i < 5; i++) {
      await as('acme', () => sql`select 1`)
      await as('acme', () => sql.begin(async () => {}))
    }
    t.same(await as('globex', () => sql.begin((tx) => tx`select nullif(current_setting('my.trace', true), '') as trace`)), [{ trace: null }])
    t.equal((await all.stats()).lanes.connections.discarded, discarded)
  })

  t.test('whose first statement fails has no effect, whatever comes behind it', async (t) => {
    for (const first of ['select 1/0', 'select * from nowhere', 'insert into docs (id, body) values (1, \'again\')']) {
      await t.rejects(as('acme', () => sql.begin(async (tx) => {
        await tx.unsafe(first).catch(() => {})
        await add(tx, 30)
      })), { code: /^(22012|42P01|23505)$/ })
      t.notOk((await idsOf(all)).includes(30), first)
    }
  })

  t.test('is begun although its first text cannot be read: what comes next is not committed by itself', async (t) => {
    const begins: ReadonlyArray<readonly [string, (tx: Parameters<Parameters<typeof sql.begin>[1]>[0]) => Promise<unknown>]> = [
      ['a syntax error', (tx) => tx.unsafe('select 1 from from; select 2').simple()],
      ['a name that ends the message', (tx) => tx.savepoint('a\0b', async () => {})]
    ]
    for (const [index, [name, begin]] of begins.entries()) {
      await t.rejects(as('acme', () => sql.begin(async (tx) => {
        await t.rejects(begin(tx), { code: /^(42601|08P01)$/ }, name)
        await t.rejects(add(tx, 80 + index), { code: '25P02' }, 'as in every transaction that has failed')
        throw new Error('rolled back')
      })), { message: 'rolled back' })
      t.notOk((await idsOf(all)).includes(80 + index), `after ${name}`)
      await as('globex', () => sql.begin((tx) => add(tx, 90 + index)))
      t.ok((await idsOf(all)).includes(90 + index), 'positive control')
    }
  })

  t.test('may begin with anything', async (t) => {
    const begins: ReadonlyArray<readonly [string, (tx: Parameters<Parameters<typeof sql.begin>[1]>[0]) => Promise<unknown>]> = [
      ['a savepoint', (tx) => tx.savepoint((inner) => add(inner, 40))],
      ['a text of several statements', (tx) => tx.unsafe('select 1; select 2').simple()],
      ['a cursor', async (tx) => { for await (const rows of tx`select generate_series(1, 4) as n`.cursor(2)) t.equal(rows.length, 2) }],
      ['the mode of the transaction', (tx) => tx`set transaction isolation level serializable`],
      ['a description', (tx) => tx`select body from docs`.describe()]
    ]
    for (const [index, [name, begin]] of begins.entries()) {
      await t.rejects(as('acme', () => sql.begin(async (tx) => {
        await begin(tx)
        await add(tx, 50 + index)
        throw new Error('rolled back')
      })), { message: 'rolled back' }, name)
      t.notOk((await idsOf(all)).includes(50 + index), `after ${name}`)
      await as('globex', () => sql.begin(async (tx) => {
        await begin(tx)
        await add(tx, 60 + index)
      }))
      t.ok((await idsOf(all)).includes(60 + index), `committed after ${name}`)
    }
  })

  t.test('of which the server has refused the beginning runs none of its texts', async (t) => {
    const tenancy = await createTenancy({ mode: 'multi', database: proxy.url, lanes: { max: 2 }, timeouts: { statement: 300 }, log: { info () {}, warn () {}, error () {} } })
    t.teardown(() => tenancy.close())
    const addByText = (id: number): Promise<unknown> => tenancy.runWithTenant('acme', () => tenancy.sql.begin(async (tx) => { await tx.unsafe(`insert into docs (id, body) values (${id}, 'x')`).simple() }))
    await addByText(100)
    // The server waits for the rest of the message, and gives up for its statement_timeout.
    proxy.arm('begin\0\0\0', 'late rest')
    await t.rejects(addByText(101), { code: /^FST_TENANCY_SQL_(CONNECTION_LOST|UNEXPECTED|DEADLINE)$/ })
    t.ok(proxy.hasStruck)
    await addByText(102)
    t.same((await idsOf(all)).filter((id) => id >= 100), [100, 102])
  })

  t.test('is ended by the server when nobody uses it', async (t) => {
    await t.rejects(as('acme', () => sql.begin(async (tx) => {
      t.match(await tx`show idle_in_transaction_session_timeout`, [{ idle_in_transaction_session_timeout: '2s' }])
      t.match(await tx`show statement_timeout`, [{ statement_timeout: '1min' }])
      throw new Error('seen')
    })), { message: 'seen' })
  })
})
