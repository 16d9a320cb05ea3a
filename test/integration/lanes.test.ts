import t from 'tap'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { runTransaction } from '../../lib/data/client/transaction.ts'
import { settingsFor, testLanes } from '../support/lanes.ts'
import { lookAtPrepared } from '../support/prepared.ts'
import { testTenancy } from '../support/tenancy.ts'

const ACME = settingsFor('acme')
const GLOBEX = settingsFor('globex')

t.test('lanes', async (t) => {
  t.test('give each statement its own tenant, however many share a connection', async (t) => {
    const { appUrl } = await testTenancy(t)
    const { run, lanes } = await testLanes(t, appUrl, { max: 2, waiting: 1_000 })
    const answers = await Promise.all(Array.from({ length: 300 }, async (_, index) => {
      const [row] = await run(index % 3 === 0 ? ACME : GLOBEX, 'select current_setting(\'app.tenant_id\') as tenant, body, $1::int as index from docs', [index])
      return row
    }))
    for (const [index, row] of answers.entries()) {
      const tenant = index % 3 === 0 ? 'acme' : 'globex'
      t.match(row, { tenant, body: `secret of ${tenant}`, index })
    }
    t.match(lanes.stats, { held: 0, waiting: 0, connections: { discarded: 0 } })
  })

  t.test('keep a value that cannot be sent to its own statement (D-06)', async (t) => {
    const { appUrl } = await testTenancy(t)
    const { lanes, dialect, query, run } = await testLanes(t, appUrl)
    const bad = [{ toString () { throw new Error('not to be sent') } }, new Date(NaN), Symbol('x')].map((value) => {
      const sent = query('select $1::text', [value])
      lanes.run({ frame: dialect.frameOf(ACME), query: sent, isAlone: false, isOurs: false })
      return Promise.prototype.then.call(sent, () => 'sent', () => 'rejected')
    })
    const good = await Promise.all(Array.from({ length: 20 }, (_, index) => run(GLOBEX, 'select body, $1::int as index from docs', [index])))
    t.same(await Promise.all(bad), ['rejected', 'rejected', 'rejected'])
    t.same(good.map(([row]) => row), good.map((_, index) => ({ body: 'secret of globex', index })))
  })

  t.test('refuse a schema that is not there, before the statement runs', async (t) => {
    const { appUrl, documents } = await testTenancy(t)
    const { run } = await testLanes(t, appUrl)
    const nowhere = settingsFor('acme', 'tenant_nowhere')
    for (const text of ['select 1', 'insert into tenant_acme.docs (id, body) values (2, \'x\')']) await t.rejects(run(nowhere, text), { code: 'FST_TENANCY_SCHEMA_MISSING' })
    t.equal((await documents()).length, 2)
    t.equal((await run(ACME, 'select 1')).length, 1)
  })

  t.test('tell the driver what a statement looks like for each tenant (p1, D-08)', async (t) => {
    const { appUrl, admin } = await testTenancy(t)
    await admin.unsafe('create table tenant_acme.things (a int); insert into tenant_acme.things values (1); create table tenant_globex.things (b text, c int); insert into tenant_globex.things values (\'x\', 2); grant select on tenant_acme.things, tenant_globex.things to public')
    const { run } = await testLanes(t, appUrl)
    for (let round = 0; round < 3; round++) {
      t.same(await run(ACME, 'select * from things'), [{ a: 1 }])
      t.same(await run(GLOBEX, 'select * from things'), [{ b: 'x', c: 2 }])
    }
    await admin.unsafe('alter table tenant_acme.things add d int default 7')
    t.same(await run(ACME, 'select * from things'), [{ a: 1, d: 7 }], 'after a migration, at once')
  })

  t.test('prepare a statement once on each connection, although every connection describes it anew', async (t) => {
    const { appUrl, admin } = await testTenancy(t)
    await lookAtPrepared(admin)
    const { run, lanes, dialect, query } = await testLanes(t, appUrl, { max: 3, perTenant: 3, waiting: 1_000 })
    for (let round = 0; round < 3; round++) await Promise.all(Array.from({ length: 200 }, (_, index) => run(ACME, index % 8 === 0 ? 'select pg_sleep(0.004)' : 'select body, now() from docs')))
    const sessions = await Promise.all([lanes.openSession(dialect.frameOf(ACME), false), lanes.openSession(dialect.frameOf(ACME), false)])
    const uses: unknown[] = []
    for (const session of sessions) {
      const looking = query("select uses from extensions.prepared_like('select body%') where n = 1")
      session.run(looking, () => {})
      const rows: unknown = await Promise.prototype.then.call(looking)
      uses.push(...Array.isArray(rows) ? rows.map((row) => Reflect.get(Object(row), 'uses')) : [])
      session.release()
    }
    t.ok(uses.some((count) => Number(count) > 20), `one name, used again and again: ${uses.join()}`)
  })

  t.test('say in one coded error that the database cannot be reached any more', async (t) => {
    const { appUrl, killBackends } = await testTenancy(t)
    const { run } = await testLanes(t, appUrl)
    await run(ACME, 'select 1')
    await killBackends()
    await sleep(50)
    t.equal((await run(ACME, 'select 1')).length, 1, 'a new connection is opened')
  })

  t.test('do not start on a server that does not answer, a closed port, or a refused log-in', async (t) => {
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => { silent.listen(0, '127.0.0.1', resolve) })
    t.teardown(() => silent.close())
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : 0
    await t.rejects(testLanes(t, `postgres://nobody@127.0.0.1:${port}/nothing`, { timeouts: { connect: 1_000 } }))
    await t.rejects(testLanes(t, 'postgres://nobody@127.0.0.1:1/nothing'), { code: 'ECONNREFUSED' })
    const { appUrl } = await testTenancy(t)
    const url = new URL(appUrl)
    url.username = 'no_such_role'
    await t.rejects(testLanes(t, url.href), { code: /^28/ })
  })

  t.test('refuse a caller that waited too long, and one waiter too many', async (t) => {
    const { appUrl } = await testTenancy(t)
    const { lanes, dialect } = await testLanes(t, appUrl, { timeouts: { acquire: 50 }, waiting: 1 })
    const session = await lanes.openSession(dialect.frameOf(ACME), false)
    const late = lanes.openSession(dialect.frameOf(GLOBEX), false)
    await t.rejects(lanes.openSession(dialect.frameOf(GLOBEX), false), { code: 'FST_TENANCY_SQL_QUEUE_FULL', statusCode: 503 })
    await t.rejects(late, { code: 'FST_TENANCY_SQL_QUEUE_TIMEOUT', statusCode: 503 })
    session.release()
    t.match(lanes.stats, { held: 0, waiting: 0 })
  })

  t.test('serve tenants in turn, however many statements one of them has waiting', async (t) => {
    const { appUrl } = await testTenancy(t)
    const { run } = await testLanes(t, appUrl, { waiting: 10_000, timeouts: { acquire: 30_000 } })
    let done = 0
    const busy = Array.from({ length: 10_000 }, () => run(ACME, 'select 1').then(() => { done++ }))
    await run(GLOBEX, 'select 1')
    t.ok(done < 40, `${done} of the busy tenant's statements went first`)
    await Promise.all(busy)
  })

  t.test('leave one connection to statements that share, so that a transaction can wait for one', async (t) => {
    const { appUrl } = await testTenancy(t)
    const { lanes, dialect, run } = await testLanes(t, appUrl, { max: 2, perTenant: 2, timeouts: { acquire: 300 } })
    const session = await lanes.openSession(dialect.frameOf(ACME), false)
    await t.rejects(lanes.openSession(dialect.frameOf(ACME), false), { code: 'FST_TENANCY_SQL_QUEUE_TIMEOUT' })
    t.equal((await run(ACME, 'select 1')).length, 1)
    session.release()
  })

  t.test('wait at their end for what is under way, but not for ever, and refuse everybody else', async (t) => {
    const { appUrl } = await testTenancy(t)
    const { lanes, run } = await testLanes(t, appUrl)
    const short = run(ACME, 'select pg_sleep(0.1)')
    await sleep(20)
    await lanes.close(1_000)
    t.equal((await short).length, 1)
    await t.rejects(run(ACME, 'select 1'), { code: 'FST_TENANCY_CLOSED' })
    const other = await testLanes(t, appUrl)
    const ended = t.rejects(other.run(ACME, 'select pg_sleep(60)'), { code: /FST_TENANCY_(SQL_CONNECTION_LOST|CLOSED)/ })
    await sleep(100)
    await other.lanes.close(50)
    await ended
  })
})

t.test('a transaction', async (t) => {
  t.test('that ends itself is found out by the tag of its commit', async (t) => {
    const { appUrl } = await testTenancy(t)
    const surroundings = await testLanes(t, appUrl)
    await t.rejects(runTransaction(surroundings, surroundings.dialect.frameOf(ACME), { options: '', isJoined: false }, async (scope) => {
      const failing = surroundings.query('select 1/0')
      const swallowed = Promise.prototype.then.call(failing, undefined, () => {})
      scope.send(failing)
      await swallowed
    }), { code: '22012' })
    t.equal((await surroundings.run(GLOBEX, 'select 1')).length, 1)
  })
})
