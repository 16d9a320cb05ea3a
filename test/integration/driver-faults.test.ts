import t from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import { plainClient, testTenancy } from '../support/tenancy.ts'

// The faults of the driver that decide the design. Each test shows the opposite of what a wrapper over the driver's own
// pool does; the negative controls at the end say when a new version of the driver does not have a fault any more.

const SEEDED = [
  { place: 'tenant_acme', tenant_id: 'acme', id: 1, body: 'secret of acme' },
  { place: 'tenant_globex', tenant_id: 'globex', id: 1, body: 'secret of globex' }
]

t.test('a transaction handle', async (t) => {
  t.test('that was kept sends nothing after its transaction, while another tenant has the connection (J01, D-01)', async (t) => {
    const { sql, as, documents } = await testTenancy(t, { lanes: { max: 1 } })
    const { leaked } = await as('acme', () => sql.begin((tx) => ({ leaked: tx })))
    const globex = as('globex', () => sql.begin(async (tx) => {
      await sleep(150)
      return await tx`select body from docs`
    }))
    await sleep(50)
    await t.rejects(as('acme', async () => await leaked`select * from docs`), { code: 'FST_TENANCY_TRANSACTION_ENDED' })
    await t.rejects(as('globex', async () => await leaked`select * from docs`), { code: 'FST_TENANCY_CONTEXT_CROSS_TENANT' })
    await t.rejects(Promise.resolve(leaked`insert into docs values ('acme', 2, 'late')`), { code: 'FST_TENANCY_TRANSACTION_ENDED' })
    t.same(await globex, [{ body: 'secret of globex' }])
    t.same(await documents(), SEEDED)
  })

  t.test('of a savepoint sends nothing after its savepoint, though the transaction goes on', async (t) => {
    const { sql, as, documents } = await testTenancy(t, { lanes: { max: 1 } })
    await as('acme', () => sql.begin(async (tx) => {
      const { named } = await tx.savepoint((s) => ({ named: s }))
      const { nested } = await sql.begin((s) => ({ nested: s }))
      for (const leaked of [named, nested]) {
        await t.rejects(Promise.resolve(leaked`insert into docs (id, body) values (2, 'late')`), { code: 'FST_TENANCY_TRANSACTION_ENDED' })
      }
      await tx`update docs set body = body`
    }))
    t.same(await documents(), SEEDED)
  })

  t.test('of a savepoint that nobody awaited ends nothing in the transaction of the next tenant', async (t) => {
    const { sql, as, documents } = await testTenancy(t, { lanes: { max: 1 } })
    let forgotten: unknown
    await as('acme', () => sql.begin(async (tx) => {
      tx.savepoint(async (s) => {
        await s`select 1`
        await sleep(100)
      }).catch((error: unknown) => { forgotten = error })
      await sleep(30)
    }))
    await as('globex', () => sql.begin(async (tx) => {
      await tx`insert into docs (id, body) values (2, 'first')`
      await sleep(200)
      await tx`insert into docs (id, body) values (3, 'second')`
    }))
    t.match(forgotten, { code: 'FST_TENANCY_TRANSACTION_ENDED' })
    t.same((await documents()).map(({ tenant_id: tenant, id }) => `${tenant} ${id}`), ['acme 1', 'globex 1', 'globex 2', 'globex 3'])
  })

  t.test('sends nothing more while the last statements of its transaction are on their way', async (t) => {
    const { sql, as, documents } = await testTenancy(t, { lanes: { max: 1 } })
    let late: unknown
    await as('acme', () => sql.begin(async (tx) => {
      tx`select pg_sleep(0.1)`.execute()
      setTimeout(() => { tx`insert into docs (id, body) values (2, 'late')`.catch((error: unknown) => { late = error }) }, 30)
    }))
    t.match(late, { code: 'FST_TENANCY_TRANSACTION_ENDED' })
    t.same(await documents(), SEEDED)
  })

  t.test('dies with its connection, and so do the statements that its callback sends later (J02, D-02)', async (t) => {
    const { sql, as, documents, admin } = await testTenancy(t, { lanes: { max: 1 } })
    let late: unknown
    const acme = as('acme', () => sql.begin(async (tx) => {
      const [row] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`
      await admin`select pg_terminate_backend(${row?.pid ?? 0})`
      await sleep(300)
      late = await tx`insert into docs (id, body) values (900, 'written by acme')`.catch((error: unknown) => error)
    }))
    await t.rejects(acme, { code: 'FST_TENANCY_SQL_CONNECTION_LOST' })
    const globex = await as('globex', () => sql.begin(async (tx) => {
      await sleep(500)
      return await tx`select id, body from docs order by id`
    }))
    t.match(late, { code: 'FST_TENANCY_TRANSACTION_ENDED' })
    t.same(globex, [{ id: 1, body: 'secret of globex' }])
    t.same(await documents(), SEEDED)
  })

  t.test('dies when the server ends a transaction that idles (J20)', async (t) => {
    const { sql, as, documents } = await testTenancy(t, { lanes: { max: 1 }, timeouts: { transaction: 200 } })
    let late: unknown
    const acme = as('acme', () => sql.begin(async (tx) => {
      await tx`insert into docs (id, body) values (901, 'before')`
      await sleep(500)
      late = await tx`insert into docs (id, body) values (902, 'after')`.catch((error: unknown) => error)
    }))
    await t.rejects(acme, { code: /FST_TENANCY_SQL_(DEADLINE|CONNECTION_LOST)/ })
    const globex = as('globex', () => sql.begin(async (tx) => {
      await sleep(100)
      return await tx`select id from docs`
    }))
    t.same(await globex, [{ id: 1 }])
    await sleep(400)
    t.match(late, { code: 'FST_TENANCY_TRANSACTION_ENDED' })
    t.same(await documents(), SEEDED)
  })

  for (const ending of ['returns', 'throws']) {
    t.test(`of a dead callback that ${ending} neither commits nor rolls back the next tenant's transaction (J25, D-03)`, async (t) => {
      const { sql, as, documents, admin } = await testTenancy(t, { lanes: { max: 1 } })
      const acme = as('acme', () => sql.begin(async (tx) => {
        const [row] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`
        await admin`select pg_terminate_backend(${row?.pid ?? 0})`
        await sleep(400)
        if (ending === 'throws') throw new Error('acme failed')
      }))
      acme.catch(() => {})
      await sleep(200)
      const globex = as('globex', () => sql.begin(async (tx) => {
        await tx`insert into docs (id, body) values (920, 'first half')`
        await sleep(400)
        const rows = await tx`select current_setting('app.tenant_id') as tenant, count(*)::int as n from docs`
        if (ending === 'returns') throw new Error('globex wants to roll back')
        return rows
      }))
      await t.rejects(acme, { code: 'FST_TENANCY_SQL_CONNECTION_LOST' })
      if (ending === 'returns') {
        await t.rejects(globex, { message: 'globex wants to roll back' })
        t.same(await documents(), SEEDED)
      } else {
        t.same(await globex, [{ tenant: 'globex', n: 2 }])
        t.same(await documents(), [...SEEDED, { place: 'tenant_globex', tenant_id: 'globex', id: 920, body: 'first half' }])
      }
    })
  }
})

t.test('a value that cannot be sent', async (t) => {
  const values: readonly (readonly [name: string, value: () => unknown])[] = [
    ['undefined', () => undefined],
    ['an invalid date', () => new Date('not a date')],
    ['a bigint in JSON', () => ({ a: 1n })],
    ['an object whose toString throws', () => ({ toString () { throw new Error('no text') } })],
    ['a symbol', () => Symbol('no text')]
  ]
  for (const [name, value] of values) {
    t.test(`(${name}) fails its own statement and shifts nobody's answer (J05, D-06)`, async (t) => {
      const { sql, as } = await testTenancy(t, { lanes: { max: 1 } })
      const broken = async (): Promise<unknown> => await Reflect.apply(sql, undefined, [Object.assign(['select ', '::timestamptz as r'], { raw: ['select ', '::timestamptz as r'] }), value()])
      const slow = as('acme', () => sql`select 'Y' as r, pg_sleep(0.1)`)
      await sleep(20)
      const failing = as('acme', broken)
      const z = as('globex', () => sql`select 'Z' as r`)
      const w = as('acme', () => sql`select 'W' as r`)
      await t.rejects(failing)
      t.match(await slow, [{ r: 'Y' }])
      t.same(await z, [{ r: 'Z' }])
      t.same(await w, [{ r: 'W' }])
    })

    t.test(`(${name}) inside a transaction rolls it back, and the service goes on (D-07)`, async (t) => {
      const { sql, as, documents } = await testTenancy(t, { lanes: { max: 2 } })
      const spoiled = () => as('acme', () => sql.begin(async (tx) => {
        await tx`insert into docs (id, body) values (2, 'half')`
        const text = Object.assign(['select ', '::timestamptz as r'], { raw: ['select ', '::timestamptz as r'] })
        return await Reflect.apply(tx, undefined, [text, value()])
      }))
      await t.rejects(spoiled())
      await t.rejects(spoiled())
      await t.rejects(spoiled())
      t.same(await documents(), SEEDED)
      const parallel = ['acme', 'globex'].map((id) => as(id, () => sql.begin(async (tx) => await tx`select body from docs`)))
      t.same(await Promise.all(parallel), [[{ body: 'secret of acme' }], [{ body: 'secret of globex' }]])
    })
  }
})

t.test('transaction control in SQL text', async (t) => {
  const texts = ['commit', 'rollback', 'commit and chain', 'end', 'abort', 'begin', 'start transaction', '/*x*/ -- y\n commit', 'COMMIT', 'prepare transaction \'x\'']
  t.test('is refused inside a transaction, which is rolled back (J06, D-05)', async (t) => {
    const { sql, as, documents } = await testTenancy(t, { lanes: { max: 1 } })
    for (const text of texts) {
      const failing = as('acme', () => sql.begin(async (tx) => {
        await tx`insert into docs (id, body) values (2, 'half')`
        await tx.unsafe(text)
      }))
      await t.rejects(failing, { code: 'FST_TENANCY_SQL_REFUSED' }, text)
      t.same(await as('globex', () => sql`select current_setting('app.tenant_id') as tenant, body from docs`), [{ tenant: 'globex', body: 'secret of globex' }])
    }
    t.same(await documents(), SEEDED)
  })

  t.test('is refused where it is swallowed, and what follows is still the tenant\'s own', async (t) => {
    const { sql, as } = await testTenancy(t, { lanes: { max: 1 } })
    const rows = await as('acme', () => sql.begin(async (tx) => {
      await tx.unsafe('commit').catch(() => {})
      return await tx`select current_setting('app.tenant_id') as tenant, body from docs`
    }))
    t.same(rows, [{ tenant: 'acme', body: 'secret of acme' }])
  })

  t.test('is refused as a plain statement, and leaves no transaction open for the next tenant (J07, D-13)', async (t) => {
    const { sql, as, admin } = await testTenancy(t, { lanes: { max: 1 } })
    for (const text of [...texts, 'savepoint s', 'set search_path = tenant_globex', 'set role postgres', 'reset all', 'discard all', 'do $$ begin commit; end $$']) {
      await t.rejects(as('acme', () => sql.unsafe(text)), { code: 'FST_TENANCY_SQL_REFUSED' }, text)
      await t.rejects(as('acme', () => sql`${sql.unsafe(text)}`), { code: 'FST_TENANCY_SQL_REFUSED' }, `${text} as a fragment`)
    }
    await t.rejects(as('acme', () => sql.unsafe('select 1; start transaction')), { code: '42601' })
    await t.rejects(as('acme', () => sql.unsafe('select 1; start transaction').simple()), { code: 'FST_TENANCY_SQL_REFUSED' })
    const [row] = await as('globex', () => sql`select now() = statement_timestamp() as is_inside, current_setting('app.tenant_id') as tenant`)
    t.match(row, { tenant: 'globex' })
    t.same(await admin`select count(*)::int as n from pg_stat_activity where state like 'idle in transaction%' and datname = current_database()`, [{ n: 0 }])
  })
})

t.test('statements that nobody waits for (J21)', async (t) => {
  t.test('are refused when they are awaited after their transaction (a)', async (t) => {
    const { sql, as } = await testTenancy(t, { lanes: { max: 1 } })
    let late: PromiseLike<unknown> | undefined
    await as('acme', () => sql.begin(async (tx) => { late = tx`select current_setting('app.tenant_id') as tenant` }))
    const globex = as('globex', () => sql.begin(async () => { await sleep(60) }))
    await sleep(20)
    await t.rejects(as('acme', async () => await late), { code: 'FST_TENANCY_TRANSACTION_ENDED' })
    await globex
  })

  t.test('are refused when a timer sends them after their transaction (b)', async (t) => {
    const { sql, as, documents } = await testTenancy(t, { lanes: { max: 1 } })
    let late: unknown
    await as('acme', () => sql.begin(async (tx) => {
      setTimeout(() => { tx`insert into docs (id, body) values (902, 'late')`.catch((error: unknown) => { late = error }) }, 30)
    }))
    await as('globex', () => sql.begin(async () => { await sleep(80) }))
    t.match(late, { code: 'FST_TENANCY_TRANSACTION_ENDED' })
    t.same(await documents(), SEEDED)
  })

  t.test('belong to the transaction when they were sent before its callback returned', async (t) => {
    const { sql, as, documents } = await testTenancy(t, { lanes: { max: 1 } })
    await as('acme', () => sql.begin(async (tx) => { tx`insert into docs (id, body) values (2, 'sent')`.execute() }))
    t.match((await documents()).map(({ tenant_id: tenant, id }) => `${tenant} ${id}`), ['acme 1', 'acme 2', 'globex 1'])
  })

  t.test('cannot deadlock: a transaction inside a transaction is a savepoint (c, D-12)', async (t) => {
    const { sql, as, documents } = await testTenancy(t, { lanes: { max: 1 } })
    await as('acme', () => sql.begin(async (tx) => {
      await tx`insert into docs (id, body) values (2, 'outer')`
      await t.rejects(sql.begin(async (inner) => {
        await inner`insert into docs (id, body) values (3, 'inner')`
        throw new Error('inner fails')
      }), { message: 'inner fails' })
      t.same(await sql.begin((inner) => inner`select id from docs order by id`), [{ id: 1 }, { id: 2 }])
      await t.rejects(sql.begin('read only', async () => {}), { code: 'FST_TENANCY_SQL_REFUSED' })
    }))
    t.equal((await documents()).length, 3)
  })

  t.test('savepoints side by side do not roll back each other (d, D-17)', async (t) => {
    const { sql, as, documents } = await testTenancy(t, { lanes: { max: 1 } })
    const statuses = await as('acme', () => sql.begin(async (tx) => {
      const settled = await Promise.allSettled([
        tx.savepoint('s1', async (s) => {
          await s`select pg_sleep(0.05)`
          await s`select 1/0`
        }),
        tx.savepoint('s2', async (s) => {
          await s`insert into docs (id, body) values (2, 'second')`
          await sleep(120)
          return await s`select 1 as ok`
        })
      ])
      return settled.map((result) => result.status)
    }))
    t.same(statuses, ['rejected', 'fulfilled'])
    t.match((await documents()).map(({ id }) => id), [1, 2, 1])
  })

  for (const isReleased of [false, true]) {
    t.test(`a setting changed in a savepoint that was ${isReleased ? 'released' : 'rolled back'} does not last (e)`, async (t) => {
      const { sql, as } = await testTenancy(t, { lanes: { max: 1 } })
      const rows = await as('acme', () => sql.begin(async (tx) => {
        await tx.savepoint(async (s) => {
          await s`select set_config('app.tenant_id', 'globex', true), set_config('search_path', 'tenant_globex', true)`
          if (!isReleased) throw new Error('roll back')
        }).catch(() => {})
        return await tx`select current_setting('app.tenant_id') as tenant, body from docs`
      }))
      t.same(rows, [{ tenant: 'acme', body: 'secret of acme' }])
    })
  }

  t.test('a swallowed error rolls the transaction back and rejects it (f, g, D-23)', async (t) => {
    const { sql, as, documents } = await testTenancy(t, { lanes: { max: 1 } })
    await t.rejects(as('acme', () => sql.begin(async (tx) => {
      await tx`insert into docs (id, body) values (2, 'half')`
      await tx`select 1/0`.catch(() => {})
      return 'returned as if nothing was'
    })), { code: '22012' })
    await t.rejects(as('acme', () => sql.begin(async (tx) => {
      await tx`select 1/0`.catch(() => {})
      return await tx`select 1`
    })), { code: '22012' })
    t.same(await documents(), SEEDED)
  })

  t.test('a reserved connection is thrown away with whatever was left in it (h, i, j, D-11)', async (t) => {
    const { sql, as, admin } = await testTenancy(t, { lanes: { max: 1 } })
    const kept = await as('acme', async () => {
      const reserved = await sql.reserve()
      await reserved`select set_config('app.tenant_id', 'acme', false), pg_advisory_lock(7)`
      await reserved`begin`
      t.same(await reserved`select current_setting('app.tenant_id') as tenant, body from docs`, [{ tenant: 'acme', body: 'secret of acme' }])
      reserved.release()
      return { reserved }
    })
    await t.rejects(as('acme', () => kept.reserved`select 1`), { code: 'FST_TENANCY_TRANSACTION_ENDED' })
    t.same(await as('globex', () => sql`select current_setting('app.tenant_id') as tenant, body from docs`), [{ tenant: 'globex', body: 'secret of globex' }])
    await sleep(50)
    t.same(await admin`select pg_try_advisory_lock(7) as is_free`, [{ is_free: true }])
    await admin`select pg_advisory_unlock_all()`
  })

  t.test('a cursor that nobody reads ends with its transaction, and costs its connection (k, l, D-18)', async (t) => {
    const { sql, as } = await testTenancy(t, { lanes: { max: 1 } })
    await t.rejects(as('acme', () => sql.begin(async (tx) => {
      await tx`select generate_series(1, 1000)`.cursor(1)[Symbol.asyncIterator]().next()
    })), { code: 'FST_TENANCY_TRANSACTION_ENDED' })
    t.same(await as('globex', () => sql`select 1 as x`), [{ x: 1 }])
  })
})

t.test('the driver by itself (negative control: if one fails, a fault was repaired upstream)', async (t) => {
  t.test('lets a leaked handle into the next transaction (J01)', async (t) => {
    const { appUrl } = await testTenancy(t)
    const plain = plainClient(t, appUrl)
    const { leaked } = await plain.begin((tx) => ({ leaked: tx }))
    const next = plain.begin(async (tx) => {
      await tx`select set_config('app.tenant_id', 'globex', true)`
      await sleep(150)
    })
    await sleep(50)
    t.same(await leaked`select current_setting('app.tenant_id') as tenant`, [{ tenant: 'globex' }])
    await next
  })

  t.test('hands out another caller\'s rows after a value that cannot be sent (J05)', async (t) => {
    const { appUrl } = await testTenancy(t)
    const plain = plainClient(t, appUrl)
    await plain`select 1`
    const slow = plain`select 'Y' as r, pg_sleep(0.1)`.catch(() => 'rejected')
    await sleep(20)
    const nothing: unknown = undefined
    const failing = Reflect.apply(plain, undefined, [Object.assign(['select ', ''], { raw: ['select ', ''] }), nothing]).catch(() => 'rejected')
    plain`select 'Z' as r`.catch(() => {})
    const w = plain`select 'W' as r`.execute()
    t.equal(await slow, 'rejected')
    t.notSame(await Promise.race([w, sleep(1_000, 'never')]), [{ r: 'W' }])
    await failing
  })
})
