import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { type TenancyOptions, createTenancy, currentTenant } from '../../lib/index.ts'
import { openTenancy } from '../../lib/faces/tenancy/index.ts'
import { resolveConfig } from '../../lib/settings/config/index.ts'
import { plainClient, type TestTenancy, testTenancy } from '../support/tenancy.ts'

// Channels of PostgreSQL belong to the whole database (G-03): each test has both tenants on channels of the same name.

type TestScope = Parameters<typeof testTenancy>[0]

const BOTH = ['acme', 'globex'] as const
const ENOUGH = 5_000

/** What listeners heard, in order; `until` waits for it. */
function ears () {
  const heard: string[] = []
  return {
    heard,
    listener: (name: string) => (payload: string) => { heard.push(`${name}: ${payload}`) },
    until: async (count: number) => {
      for (const end = Date.now() + ENOUGH; heard.length < count && Date.now() < end;) await sleep(10)
    }
  }
}

/** Waits until what was sent before would have arrived: a word to both on another channel has. */
async function settle (test: Pick<TestTenancy, 'as' | 'sql' | 'tenancy'>): Promise<void> {
  await test.tenancy.runWithoutTenant('both tenants', async () => await settleBoth(test))
}

async function settleBoth ({ as, sql }: Pick<TestTenancy, 'as' | 'sql'>): Promise<void> {
  const { listener, until } = ears()
  const listening = await Promise.all(BOTH.map((id) => as(id, async () => await sql.listen('settled?', listener(id)))))
  for (const id of BOTH) await as(id, () => sql.notify('settled?', 'yes'))
  await until(2)
  for (const { unlisten } of listening) await unlisten()
}

function recorder () {
  const lines: { readonly level: string, readonly message: string, readonly err?: unknown }[] = []
  const write = (level: string) => (details: object, message: string): void => { lines.push({ level, message, ...details }) }
  return { lines, log: { info: write('info'), warn: write('warn'), error: write('error') } }
}

/** Both tenants listen to "news". */
async function scene (t: TestScope, options: TenancyOptions = {}) {
  const test = await testTenancy(t, options)
  const { heard, listener, until } = ears()
  const listening = await Promise.all(BOTH.map((id) => test.as(id, async () => await test.sql.listen('news', listener(id)))))
  return { ...test, heard, until, listening, settle: async () => await settle(test) }
}

async function backends ({ admin, appUrl }: Pick<TestTenancy, 'admin' | 'appUrl'>): Promise<number> {
  const [row] = await admin<{ count: number }[]>`select count(*)::int as count from pg_stat_activity where usename = ${new URL(appUrl).username}`
  return row?.count ?? -1
}

t.test('sql.listen and sql.notify', async (t) => {
  const test = await scene(t)
  const { sql, as, heard, until } = test
  t.beforeEach(() => { heard.length = 0 })

  t.test('deliver to the tenant that notifies and to no other', async (t) => {
    await as('acme', () => sql.notify('news', 'for acme'))
    await until(1)
    await as('globex', () => sql.notify('news', 'for globex'))
    await until(2)
    await test.settle()
    t.same(heard, ['acme: for acme', 'globex: for globex'])
  })

  t.test('send without being awaited, as the driver does', async (t) => {
    await as('acme', () => { sql.notify('news', 'at once') })
    await until(1)
    t.same(heard, ['acme: at once'])
  })

  t.test('answer what the driver answers', async (t) => {
    t.same(await as('acme', () => sql.notify('news', 'x')), [{ pg_notify: '' }])
    const { state } = await as('acme', async () => await sql.listen('other', () => {}))
    const [server] = await test.admin`select count(*)::int as count from pg_stat_activity where pid = ${state.pid} and usename = ${new URL(test.appUrl).username}`
    t.same(server, { count: 1 }, 'the connection that listens')
  })

  t.test('hear every tenant in the order of its payloads, on one connection for all', async (t) => {
    const before = await backends(test)
    const payloads = Array.from({ length: 200 }, (_, index) => String(index))
    const { heard: mine, listener, until } = ears()
    const listening = await Promise.all(BOTH.map((id) => as(id, async () => await sql.listen('numbers', listener(id)))))
    await Promise.all(BOTH.map((id) => as(id, async () => {
      for (const payload of payloads) await sql.notify('numbers', payload)
    })))
    await until(400)
    for (const id of BOTH) t.same(mine.filter((line) => line.startsWith(id)), payloads.map((payload) => `${id}: ${payload}`))
    t.ok(await backends(test) - before <= 8, 'no connection for each tenant')
    for (const { unlisten } of listening) await unlisten()
  })

  t.test('need a tenant', async (t) => {
    await t.rejects(sql.listen('news', () => {}), { code: 'FST_TENANCY_CONTEXT_MISSING' })
    await t.rejects(sql.notify('news', 'from nobody'), { code: 'FST_TENANCY_CONTEXT_MISSING' })
    await test.settle()
    t.same(heard, [])
  })

  t.test('are refused without a channel or function, and LISTEN, NOTIFY and pg_notify in SQL text with a way out', async (t) => {
    await as('acme', async () => {
      await t.rejects(sql.listen('', () => {}), { code: 'FST_TENANCY_SQL_REFUSED', message: /A channel is a text/ })
      await t.rejects(Promise.resolve(Reflect.apply(sql.listen, undefined, ['news'])), { code: 'FST_TENANCY_SQL_REFUSED', message: /needs a function/ })
      t.throws(() => sql.notify('', 'x'), { code: 'FST_TENANCY_SQL_REFUSED' })
      for (const text of ['listen x', 'unlisten *', "notify x, 'y'", "select pg_notify('x', 'y')", 'select pg_catalog.pg_notify($1, $2)']) {
        await t.rejects(sql.unsafe(text, text.includes('$') ? ['x', 'y'] : []), { code: 'FST_TENANCY_SQL_REFUSED', message: /sql\.notify/ }, text)
      }
      await t.rejects(sql.begin(async (tx) => await tx`select pg_notify('x', 'y')`), { code: 'FST_TENANCY_SQL_REFUSED' })
      await t.rejects(sql.alone`select pg_catalog.pg_notify(${'x'}, ${'y'})`, { code: 'FST_TENANCY_SQL_REFUSED' })
      await t.rejects(sql`select pg_notify('x', 'y')`.simple(), { code: 'FST_TENANCY_SQL_REFUSED' })
    })
  })

  t.test('use names on the server that are not the tenant\'s', async (t) => {
    const outside = plainClient(t, test.appUrl)
    await outside`select pg_notify('news', 'from outside')`
    await test.settle()
    t.same(heard, [])
  })

  t.test('can be reached by a trigger of the tenant, as the README says', async (t) => {
    await test.admin.unsafe(`
      create function public.tell() returns trigger language plpgsql as $$
      declare tenant text := current_setting('app.tenant_id');
      begin
        perform pg_notify('zakops_' || left(encode(sha256(convert_to(length(tenant) || ':' || tenant || 'news', 'UTF8')), 'hex'), 56), new.body);
        return new;
      end $$;
      create trigger tell after insert on tenant_acme.docs for each row execute function public.tell();
      create trigger tell after insert on tenant_globex.docs for each row execute function public.tell()`).simple()
    for (const id of BOTH) {
      await as(id, () => sql`insert into docs (id, body) values (9, ${`row of ${id}`})`)
      await until(id === 'acme' ? 1 : 2)
    }
    await test.settle()
    t.same(heard, ['acme: row of acme', 'globex: row of globex'])
  })
})

t.test('a payload in a transaction', async (t) => {
  const { sql, as, heard, until, settle, tenancy } = await scene(t)
  t.beforeEach(() => { heard.length = 0 })

  t.test('is delivered at commit and not before', async (t) => {
    await as('acme', () => sql.begin(async (tx) => {
      await tx.notify('news', 'committed')
      await settle()
      t.same(heard, [], 'before')
    }))
    await until(1)
    t.same(heard, ['acme: committed'])
  })

  t.test('is not delivered after a rollback, nor after that of its savepoint', async (t) => {
    await as('acme', async () => {
      await t.rejects(sql.begin(async (tx) => {
        await tx.notify('news', 'rolled back')
        throw new Error('no')
      }), { message: 'no' })
      await sql.begin(async (tx) => {
        await t.rejects(tx.savepoint(async (sp) => {
          await sp.notify('news', 'rolled back too')
          throw new Error('no')
        }))
        await tx.notify('news', 'stays')
      })
    })
    await until(1)
    await settle()
    t.same(heard, ['acme: stays'])
  })

  t.test('belongs to the tenant of its handle, wherever it is sent from', async (t) => {
    await as('acme', () => sql.begin(async (tx) => {
      await tenancy.runWithoutTenant('test', async () => { await tx.notify('news', 'from outside') })
      await t.rejects(tenancy.runWithoutTenant('test', async () => await as('globex', () => tx.notify('news', 'as another'))), { code: 'FST_TENANCY_CONTEXT_CROSS_TENANT' })
    }))
    await until(1)
    await settle()
    t.same(heard, ['acme: from outside'])
  })

  t.test('can be sent on a reserved connection', async (t) => {
    await as('globex', async () => {
      const reserved = await sql.reserve()
      await reserved.notify('news', 'reserved')
      reserved.release()
    })
    await until(1)
    t.same(heard, ['globex: reserved'])
  })
})

t.test('a callback', async (t) => {
  const { log, lines } = recorder()
  const test = await testTenancy(t, { log })
  const { sql, as, tenancy } = test

  t.test('runs as the tenant that listens, with what else its caller\'s context holds, and so do its queries', async (t) => {
    const store = new AsyncLocalStorage<string>()
    const { heard, listener, until } = ears()
    for (const id of BOTH) {
      await store.run(`store of ${id}`, () => as(id, async () => await sql.listen('who', async () => {
        const [row] = await sql<{ body: string }[]>`select body from docs`
        listener(id)(`${currentTenant()?.id}, ${store.getStore()}, ${row?.body}`)
      }, () => listener(id)(`listens as ${currentTenant()?.id}`))))
    }
    for (const id of BOTH) {
      await as(id, () => sql.notify('who', ''))
      await until(id === 'acme' ? 3 : 4)
    }
    t.same(heard, ['acme: listens as acme', 'globex: listens as globex', 'acme: acme, store of acme, secret of acme', 'globex: globex, store of globex, secret of globex'])
  })

  t.test('is not in the transaction that it was given in, which is over', async (t) => {
    const { heard, listener, until } = ears()
    const { tenancy: own, runTransaction } = await openTenancy(resolveConfig({ mode: 'multi', database: test.appUrl, log }, {}))
    t.teardown(() => own.close())
    await own.runWithTenant('acme', async () => {
      await runTransaction({ readOnly: false }, async () => {
        await own.sql.listen('later', async () => { listener('rows')(String((await own.sql`select 1 as x`).length)) })
      })
      await own.sql.notify('later', '')
    })
    await until(1)
    t.same(heard, ['rows: 1'])
  })

  t.test('that throws or rejects is logged, and the others hear all the same', async (t) => {
    const { heard, listener, until } = ears()
    await as('acme', async () => {
      await sql.listen('bad', () => { throw new Error('thrown') })
      await sql.listen('bad', async () => { await Promise.reject(new Error('rejected')) }, () => { throw new Error('onlisten') })
      await sql.listen('bad', listener('third'))
      for (const payload of ['1', '2']) await sql.notify('bad', payload)
    })
    await until(2)
    await sleep(20)
    t.same(heard, ['third: 1', 'third: 2'])
    const messages = lines.filter(({ level }) => level === 'error').map(({ err }) => err instanceof Error ? err.message : '')
    t.same(messages.sort(), ['onlisten', 'rejected', 'rejected', 'thrown', 'thrown'])
  })

  t.test('hears nothing while its tenant is suspended, and hears again afterwards', async (t) => {
    const { heard, listener, until } = ears()
    for (const id of BOTH) await as(id, async () => await sql.listen('status', listener(id)))
    const worker = await createTenancy({ mode: 'multi', database: test.appUrl, enforce: false, log: recorder().log })
    t.teardown(() => worker.close())
    await tenancy.registry.setStatus('acme', 'suspended')
    await worker.runWithTenant('acme', () => worker.sql.notify('status', 'while suspended'))
    await as('globex', () => sql.notify('status', 'not suspended'))
    await until(1)
    await sleep(50)
    t.same(heard, ['globex: not suspended'])
    t.ok(lines.some(({ level, message }) => level === 'warn' && /dropped until/.test(message)))
    await tenancy.registry.setStatus('acme', 'active')
    await as('acme', () => sql.notify('status', 'active again'))
    await until(2)
    t.same(heard, ['globex: not suspended', 'acme: active again'])
  })
})

t.test('unlisten', async (t) => {
  const test = await testTenancy(t)
  const { sql, as } = test

  t.test('ends one listener, and with the last of a channel the channel', async (t) => {
    const { heard, listener, until } = ears()
    const [first, second] = await as('acme', async () => [await sql.listen('news', listener('first')), await sql.listen('news', listener('second'))] as const)
    const other = await as('globex', async () => await sql.listen('news', listener('globex')))
    await as('acme', () => sql.notify('news', '1'))
    await until(2)
    await first.unlisten()
    await first.unlisten()
    await as('acme', () => sql.notify('news', '2'))
    await until(3)
    await second.unlisten()
    await as('acme', () => sql.notify('news', '3'))
    await settle(test)
    t.same(heard, ['first: 1', 'second: 1', 'second: 2'])
    await other.unlisten()
  })

  t.test('closes the connection when nobody listens any more, and listening opens one again', async (t) => {
    const before = await backends(test)
    const { heard, listener, until } = ears()
    for (const round of [1, 2]) {
      const { state, unlisten } = await as('acme', async () => await sql.listen('news', listener(`round ${round}`)))
      t.equal(await backends(test), before + 1)
      await as('acme', () => sql.notify('news', 'x'))
      await until(round)
      await unlisten()
      t.equal(state.pid, 0)
      for (const end = Date.now() + ENOUGH; await backends(test) > before && Date.now() < end;) await sleep(10)
      t.equal(await backends(test), before)
    }
    t.same(heard, ['round 1: x', 'round 2: x'])
  })
})

t.test('a lost connection', async (t) => {
  t.test('is opened again, listens again to everything and says so', async (t) => {
    const { sql, as, heard, until, listening, admin } = await scene(t)
    const told = ears()
    await as('acme', async () => await sql.listen('more', () => {}, () => told.listener('told')(currentTenant()?.id ?? 'nobody')))
    const pid = listening[0]?.state.pid ?? 0
    await admin`select pg_terminate_backend(${pid}, 5000)`
    await told.until(2)
    t.same(told.heard, ['told: acme', 'told: acme'])
    for (const id of BOTH) {
      await as(id, () => sql.notify('news', 'again'))
      await until(id === 'acme' ? 1 : 2)
    }
    t.same(heard, ['acme: again', 'globex: again'])
    t.not(listening[0]?.state.pid, pid)
  })

  t.test('is looked for until the server lets somebody in', async (t) => {
    const { sql, as, heard, until, listening, admin, appUrl } = await scene(t)
    const role = new URL(appUrl).username
    await admin.unsafe(`alter role ${role} connection limit 0`)
    await admin`select pg_terminate_backend(pid, 5000) from pg_stat_activity where pid = ${listening[0]?.state.pid ?? 0}`
    await sleep(100)
    await admin.unsafe(`alter role ${role} connection limit -1`)
    for (const end = Date.now() + ENOUGH; listening[0]?.state.pid === 0 && Date.now() < end;) await sleep(10)
    await as('acme', () => sql.notify('news', 'back'))
    await until(1)
    t.same(heard, ['acme: back'])
  })

  t.test('that never was is an error of listen, and leaves nothing behind', async (t) => {
    const { sql, as, admin, appUrl } = await testTenancy(t, { timeouts: { connect: 2_000 } })
    const role = new URL(appUrl).username
    await admin.unsafe(`alter role ${role} connection limit 0`)
    await as('acme', async () => await t.rejects(sql.listen('news', () => {}), { code: 'FST_TENANCY_DATABASE_UNREACHABLE' }))
    await admin.unsafe(`alter role ${role} connection limit -1`)
    const { heard, listener, until } = ears()
    await as('acme', async () => { await sql.listen('news', listener('acme')) })
    await as('acme', () => sql.notify('news', 'now'))
    await until(1)
    t.same(heard, ['acme: now'])
  })
})

t.test('close() leaves no connection and no listener', async (t) => {
  const test = await scene(t)
  t.ok(await backends(test) > 1)
  await test.tenancy.close()
  for (const end = Date.now() + ENOUGH; await backends(test) > 0 && Date.now() < end;) await sleep(10)
  t.equal(await backends(test), 0)
  await t.rejects(test.as('acme', async () => await test.sql.listen('news', () => {})))
})

t.test('single mode and observe mode have channels too', async (t) => {
  const { appUrl, ownerUrl, sql, as } = await testTenancy(t)
  const single = await createTenancy({ mode: 'single', tenantId: 'acme', database: appUrl, ownerDatabase: ownerUrl, log: recorder().log })
  const observing = await createTenancy({ mode: 'multi', enforce: false, database: appUrl, log: recorder().log })
  for (const tenancy of [single, observing]) t.teardown(() => tenancy.close())
  const { heard, listener, until } = ears()
  await single.runWithTenant('acme', async () => { await single.sql.listen('news', listener('single')) })
  await observing.sql.listen('news', listener('nobody'))
  await as('globex', () => sql.notify('news', 'globex'))
  await as('acme', () => sql.notify('news', 'acme'))
  await until(1)
  await observing.sql.notify('news', 'nobody')
  await until(2)
  t.same(heard, ['single: acme', 'nobody: nobody'])
  t.ok((await observing.stats()).observed >= 2)
})

t.test('processes with the same channelKey hear each other, and others do not', async (t) => {
  const test = await scene(t, { channelKey: 'a key of this deployment' })
  const open = async (channelKey?: string) => {
    const tenancy = await createTenancy({ mode: 'multi', database: test.appUrl, log: recorder().log, ...(channelKey === undefined ? {} : { channelKey }) })
    t.teardown(() => tenancy.close())
    return (payload: string) => tenancy.runWithTenant('acme', () => tenancy.sql.notify('news', payload))
  }
  await (await open())('without a key')
  await (await open('a key of another deployment'))('with another key')
  await (await open('a key of this deployment'))('with the key')
  await test.until(1)
  await test.settle()
  t.same(test.heard, ['acme: with the key'])
  const [seen] = await test.admin`select count(*)::int as count from pg_stat_activity where query ~ 'zakops_[0-9a-f]{56}' and pid <> pg_backend_pid()`
  t.same(seen, { count: 0 }, 'and no session shows a name')
})
