import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { settingsFor, testLanes } from '../support/lanes.ts'
import { testTenancy } from '../support/tenancy.ts'

// What SQL leaves behind in a session through functions, which no list of refused statements can see (G-02, P-01).

t.test('the next tenant on a connection', async (t) => {
  const { sql, as, admin } = await testTenancy(t, { lanes: { max: 1 } })
  const pid = 'select pg_backend_pid() as pid'

  t.test('gets no setting of the last one', async (t) => {
    const [before] = await as('acme', () => sql.unsafe(pid))
    const settings = {
      'app.tenant_id': 'acme',
      search_path: 'tenant_acme',
      default_transaction_read_only: 'on',
      row_security: 'off',
      timezone: 'Asia/Tokyo',
      statement_timeout: '1',
      lock_timeout: '1',
      default_transaction_isolation: 'serializable',
      'app.something': 'secret of acme'
    }
    for (const [name, value] of Object.entries(settings)) await as('acme', () => sql`select set_config(${name}, ${value}, false)`)
    const names = Object.keys(settings)
    const rows = await as('globex', () => sql`select n as name, current_setting(n, true) as value from unnest(${sql.array(names)}::text[]) n`)
    const kept = rows.filter(({ name, value }) => value === Reflect.get(settings, name))
    t.same(kept, [])
    t.equal((await as('globex', () => sql`update docs set body = body`)).count, 1)
    t.same(await as('globex', () => sql.unsafe(pid)), [before], 'on the same connection all the time')
  })

  t.test('gets no lock of the last one', async (t) => {
    await as('acme', () => sql`select pg_advisory_lock(7)`)
    const [other] = await admin`select pg_try_advisory_lock(7) as is_free`
    t.same(other, { is_free: true })
    await admin`select pg_advisory_unlock_all()`
  })

  t.test('is not told the last number that the last one drew', async (t) => {
    await admin.unsafe('create sequence tenant_acme.numbers; grant usage on sequence tenant_acme.numbers to public')
    await as('acme', () => sql`select nextval('numbers')`)
    await t.rejects(as('globex', () => sql`select lastval()`), { code: '55000' })
  })

  t.test('hears of no channel of the last one', async (t) => {
    t.same(await as('globex', () => sql`select pg_listening_channels()`), [])
  })
})

t.test('a connection that cannot be cleaned', async (t) => {
  t.test('is thrown away', async (t) => {
    const { appUrl, killBackends } = await testTenancy(t)
    const { lanes, dialect, run } = await testLanes(t, appUrl)
    const session = await lanes.openSession(dialect.frameOf(settingsFor('acme')), false)
    session.release()
    await killBackends()
    await sleep(50)
    t.equal((await run(settingsFor('globex'), 'select 1 as x')).length, 1)
    t.match(lanes.stats.connections, { opened: 2, discarded: 1 })
  })
})
