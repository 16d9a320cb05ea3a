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

  t.test('gets no setting of the last one that an update of pg_settings left', async (t) => {
    await as('acme', () => sql`update pg_settings set setting = 'on' where name = 'default_transaction_read_only'`)
    t.same(await as('globex', () => sql`show default_transaction_read_only`), [{ default_transaction_read_only: 'off' }])
  })

  t.test('cannot be told its random numbers in advance', async (t) => {
    const next = async () => {
      const [own] = await as('acme', () => sql`select setseed(0.5), random() as number`)
      const [other] = await as('globex', () => sql`select random() as number`)
      return { own: own?.['number'], other: other?.['number'] }
    }
    const [first, second] = [await next(), await next()]
    t.equal(first.own, second.own, 'a seed says what comes')
    t.not(first.other, second.other)
  })

  t.test('hears of no channel of the last one', async (t) => {
    t.same(await as('globex', () => sql`select pg_listening_channels()`), [])
  })
})

t.test('what a statement does to its own settings', async (t) => {
  const { sql, as } = await testTenancy(t, { lanes: { max: 1 } })
  const seen = 'select current_setting(\'app.tenant_id\') as tenant, current_schema() as schema, (select string_agg(body, \',\') from docs) as bodies'
  const own = { acme: [{ tenant: 'acme', schema: 'tenant_acme', bodies: 'secret of acme' }], globex: [{ tenant: 'globex', schema: 'tenant_globex', bodies: 'secret of globex' }] }
  const changes = [
    'select set_config(\'app.tenant_id\', \'globex\', true), set_config(\'search_path\', \'tenant_globex\', true)',
    'select set_config(\'app.tenant_id\', \'globex\', false), set_config(\'search_path\', \'tenant_globex\', false)',
    'update pg_settings set setting = \'tenant_globex\' where name = \'search_path\'',
    'with x as (select set_config(\'search_path\', \'tenant_globex, public\', false)) insert into docs (id, body) select 2, \'two\' from x where false'
  ]
  for (const change of changes) {
    t.test(`is over with the statement: ${change}`, async (t) => {
      await as('acme', () => sql.unsafe(change))
      t.same(await as('acme', () => sql.unsafe(seen)), own.acme)
      t.same(await as('globex', () => sql.unsafe(seen)), own.globex)
      await as('acme', () => sql.begin(async (tx) => {
        await tx.unsafe(change)
        t.same(await tx.unsafe(seen), own.acme, 'in the same transaction')
        await tx.savepoint((inner) => inner.unsafe(change))
        t.same(await tx.unsafe(seen), own.acme, 'behind a savepoint')
        await tx.unsafe('set local search_path = tenant_globex')
        t.same(await tx.unsafe(seen), own.acme, 'behind SET LOCAL')
      }))
      t.same(await as('globex', () => sql.unsafe(seen)), own.globex)
    })
  }

  t.test('ends the connection if literals would be read by other rules', async (t) => {
    await t.rejects(as('acme', () => sql.begin(async (tx) => {
      await tx`select set_config('standard_conforming_strings', 'off', true)`
      await tx`select 1`
    })), { code: 'FST_TENANCY_SQL_CONNECTION_LOST' })
    t.same(await as('globex', () => sql.unsafe(seen)), own.globex)
  })
})

// What no list of words can see: a function of the application's own, that leaves something in the session.
t.test('what a function of the user\'s hides', async (t) => {
  const { sql, as, admin } = await testTenancy(t, { lanes: { max: 1 } })
  const define = (name: string, body: string) => admin.unsafe(`create function extensions.${name}() returns int language plpgsql as $$ begin ${body}; return 1; end $$`)
  await define('hide', 'perform set_config(\'app.tenant_id\', \'acme\', false), set_config(\'search_path\', \'tenant_acme\', false), set_config(\'default_transaction_read_only\', \'on\', false)')
  const seen = 'select current_setting(\'app.tenant_id\') as tenant, current_schema() as schema, (select string_agg(body, \',\') from docs) as bodies'
  const readOnly = 'show default_transaction_read_only'

  t.test('is never the tenant or the path of the next one', async (t) => {
    await as('acme', () => sql`select hide()`)
    t.same(await as('globex', () => sql.unsafe(seen)), [{ tenant: 'globex', schema: 'tenant_globex', bodies: 'secret of globex' }])
  })

  t.test('is another setting, until the connection is cleaned', async (t) => {
    await as('acme', () => sql`select hide()`)
    t.same(await as('globex', () => sql.unsafe(readOnly)), [{ default_transaction_read_only: 'on' }], 'which is the limit that the README names')
    t.same(await as('globex', () => sql.alone.unsafe(readOnly)), [{ default_transaction_read_only: 'off' }])
    await as('acme', () => sql`select hide()`)
    await sleep(1_500)
    t.same(await as('globex', () => sql.unsafe(readOnly)), [{ default_transaction_read_only: 'off' }], 'a quiet second later')
  })

  t.test('is no other role', async (t) => {
    const [me] = await admin`select current_user as name`
    const settings = { role: String(me?.['name']), session_authorization: String(me?.['name']), session_replication_role: 'replica' }
    for (const [name, value] of Object.entries(settings)) {
      await define(`be_${name}`, `perform set_config('${name}', '${value}', false)`)
      await t.rejects(as('acme', () => sql.unsafe(`select be_${name}()`)), { code: '42501' }, name)
    }
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
