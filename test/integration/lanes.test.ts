import t from 'tap'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { runTransaction } from '../../lib/data/client/transaction.ts'
import type { StatementResult } from '../../lib/data/lanes/index.ts'
import { settingsFor, testLanes } from '../support/lanes.ts'
import { testTenancy } from '../support/tenancy.ts'

const PLAIN = { options: '', isJoined: false }

t.test('a statement whose words were not looked at', async (t) => {
  const { appUrl, documents } = await testTenancy(t)
  for (const [index, text] of ['commit', 'rollback', 'savepoint s', 'commit and chain', 'deallocate all', 'listen x', 'select 1; commit'].entries()) {
    t.test(`is caught by its command tag, and its connection is thrown away: ${text}`, async (t) => {
      const { lanes, ...surroundings } = testLanes(t, appUrl)
      const failing = runTransaction({ lanes, ...surroundings }, settingsFor('acme'), PLAIN, async (scope) => {
        await scope.send((client) => client`insert into docs (id, body) values (${index + 2}, 'half')`)
        await scope.send((client) => Reflect.apply(client.unsafe, undefined, [text, [], { simple: false }]))
      })
      await t.rejects(failing, { code: /^(FST_TENANCY_SQL_UNEXPECTED|42601)$/ })
      t.match(lanes.stats, { held: 0 })
      const rows = await runTransaction({ lanes, ...surroundings }, settingsFor('globex'), PLAIN,
        (scope) => scope.send((client) => client`select current_setting('app.tenant_id') as tenant, body from docs`))
      t.same([...rows], [{ tenant: 'globex', body: 'secret of globex' }])
    })
  }
  t.test('keeps nothing of a transaction that it ended itself but what the server had committed by then', async (t) => {
    t.same((await documents()).filter(({ place, tenant_id: tenant }) => place !== `tenant_${tenant}`), [])
  })
})

t.test('a lane', async (t) => {
  t.test('is thrown away when two statements are sent on it at once', async (t) => {
    const { appUrl } = await testTenancy(t)
    const { lanes } = testLanes(t, appUrl)
    await lanes.withLane('acme', async (lane) => {
      const first = lane.send((client) => client`select pg_sleep(1)`)
      await t.rejects(lane.send((client) => client`select 1`), { code: 'FST_TENANCY_SQL_UNEXPECTED' })
      await t.rejects(first)
      t.notOk(lane.isUsable)
      await t.rejects(lane.send((client) => client`select 1`), { code: 'FST_TENANCY_SQL_CONNECTION_LOST' })
    })
    t.match(lanes.stats, { held: 0, idle: 0, discarded: 1 })
  })

  t.test('does not reconnect', async (t) => {
    const { appUrl, killBackends } = await testTenancy(t)
    const { lanes } = testLanes(t, appUrl)
    await lanes.withLane('acme', async (lane) => {
      await lane.send((client) => client`select 1`)
      await killBackends()
      await sleep(50)
      await t.rejects(lane.send((client) => client`select 1`), { code: 'FST_TENANCY_SQL_CONNECTION_LOST' })
    })
    t.equal((await lanes.withLane('acme', (lane) => lane.send((client) => client`select 1 as x`))).count, 1)
    t.match(lanes.stats, { opened: 2, discarded: 1, idle: 1 })
  })

  t.test('gives up on a server that does not answer', async (t) => {
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => { silent.listen(0, '127.0.0.1', resolve) })
    t.teardown(() => silent.close())
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : 0
    const { lanes } = testLanes(t, `postgres://nobody@127.0.0.1:${port}/nothing`, { timeouts: { connect: 300, statement: 300 } })
    await t.rejects(lanes.withLane('acme', (lane) => lane.send((client) => client`select 1`)), { code: 'FST_TENANCY_DATABASE_UNREACHABLE' })
    t.match(lanes.stats, { held: 0, idle: 0, discarded: 1 })
  })

  for (const [name, url] of [['a closed port', 'postgres://nobody@127.0.0.1:1/nothing'], ['an unknown host', 'postgres://nobody@no-such-host.invalid/nothing']] as const) {
    t.test(`says in one coded error that the database cannot be reached: ${name}`, async (t) => {
      const { lanes } = testLanes(t, url, { timeouts: { connect: 2_000 } })
      await t.rejects(lanes.withLane('acme', (lane) => lane.send((client) => client`select 1`)), { code: 'FST_TENANCY_DATABASE_UNREACHABLE', statusCode: 503 })
    })
  }

  t.test('says the same of a refused log-in', async (t) => {
    const { appUrl } = await testTenancy(t)
    const url = new URL(appUrl)
    url.username = 'no_such_role'
    const { lanes } = testLanes(t, url.href)
    await t.rejects(lanes.withLane('acme', (lane) => lane.send((client) => client`select 1`)), { code: 'FST_TENANCY_DATABASE_UNREACHABLE', cause: { code: /^28/ } })
  })
})

t.test('lanes', async (t) => {
  const pause = (ms: number) => async (): Promise<StatementResult> => {
    await sleep(ms)
    return { command: '', count: null }
  }

  t.test('are never more than their maximum, and are handed out in turn between tenants', async (t) => {
    const { lanes } = testLanes(t, 'postgres://nobody@127.0.0.1:1/nothing', { max: 1 })
    const order: string[] = []
    const caller = (tenant: string) => lanes.withLane(tenant, async () => {
      t.equal(lanes.stats.held, 1)
      order.push(tenant)
      await sleep(1)
    })
    await Promise.all([caller('busy'), caller('busy'), caller('busy'), caller('busy'), caller('quiet')])
    t.same(order, ['busy', 'busy', 'quiet', 'busy', 'busy'])
    t.match(lanes.stats, { held: 0, idle: 1, opened: 1 })
  })

  t.test('refuse a caller that waited too long, and forget it', async (t) => {
    const { lanes } = testLanes(t, 'postgres://nobody@127.0.0.1:1/nothing', { timeouts: { acquire: 30 } })
    const holder = lanes.withLane('acme', pause(100))
    await t.rejects(lanes.withLane('globex', pause(0)), { code: 'FST_TENANCY_SQL_QUEUE_TIMEOUT', statusCode: 503 })
    t.match(lanes.stats, { waiting: 0, held: 1 })
    await holder
    t.match(lanes.stats, { held: 0, idle: 1 })
  })

  t.test('refuse one waiter too many at once', async (t) => {
    const { lanes } = testLanes(t, 'postgres://nobody@127.0.0.1:1/nothing', { waiting: 1 })
    const served = [lanes.withLane('acme', pause(30)), lanes.withLane('acme', pause(0))]
    await t.rejects(lanes.withLane('acme', pause(0)), { code: 'FST_TENANCY_SQL_QUEUE_FULL', statusCode: 503 })
    await Promise.all(served)
  })

  t.test('refuse the tenant that crowds the queue, not the one that comes', async (t) => {
    const { lanes } = testLanes(t, 'postgres://nobody@127.0.0.1:1/nothing', { waiting: 3 })
    const outcomes = ['busy', 'busy', 'busy', 'busy', 'quiet'].map((key) => lanes.withLane(key, pause(10)).then(() => 'served', (error: unknown) => error))
    t.match(await Promise.all(outcomes), ['served', 'served', 'served', { code: 'FST_TENANCY_SQL_QUEUE_FULL' }, 'served'])
  })

  t.test('leave something for the others: no tenant holds more than its share', async (t) => {
    const { lanes } = testLanes(t, 'postgres://nobody@127.0.0.1:1/nothing', { max: 3, perTenant: 2 })
    let held = 0
    let most = 0
    const busy = Array.from({ length: 6 }, () => lanes.withLane('busy', async () => {
      most = Math.max(most, ++held)
      await sleep(20)
      held--
    }))
    const started = performance.now()
    await lanes.withLane('quiet', pause(0))
    t.ok(performance.now() - started < 15, 'nobody waits for the busy one')
    await Promise.all(busy)
    t.equal(most, 2)
    t.match(lanes.stats, { held: 0, waiting: 0 })
  })

  t.test('wait at their end for who holds one, and refuse everybody else', async (t) => {
    const { lanes } = testLanes(t, 'postgres://nobody@127.0.0.1:1/nothing')
    let isDone = false
    const holder = lanes.withLane('acme', async () => {
      await sleep(50)
      isDone = true
    })
    const waiter = lanes.withLane('globex', pause(0))
    const closing = lanes.close(1_000)
    await t.rejects(waiter, { code: 'FST_TENANCY_CLOSED' })
    await t.rejects(lanes.withLane('acme', pause(0)), { code: 'FST_TENANCY_CLOSED' })
    await closing
    t.ok(isDone)
    await holder
    t.match(lanes.stats, { held: 0, idle: 0 })
  })

  t.test('do not wait for ever at their end', async (t) => {
    const { appUrl } = await testTenancy(t)
    const { lanes } = testLanes(t, appUrl)
    const holder = lanes.withLane('acme', (lane) => lane.send((client) => client`select pg_sleep(60)`))
    await sleep(100)
    const ended = t.rejects(holder, { code: 'FST_TENANCY_SQL_CONNECTION_LOST' })
    await lanes.close(50)
    await ended
  })
})
