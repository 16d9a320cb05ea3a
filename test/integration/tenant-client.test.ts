import t from 'tap'
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { createTenancy, currentTenant } from '../../lib/index.ts'
import { testTenancy } from '../support/tenancy.ts'

const WHO = 'select current_setting(\'app.tenant_id\') as tenant'

t.test('a query belongs to the tenant that wrote it (J10, A-04)', async (t) => {
  const { sql, as } = await testTenancy(t)

  t.test('and is refused when another tenant awaits it', async (t) => {
    for (const execute of [false, true]) {
      const query = await as('acme', () => ({ query: sql`select 1` }))
      await t.rejects(as('globex', async () => await (execute ? query.query.execute() : query.query)), { code: 'FST_TENANCY_CONTEXT_CROSS_TENANT' })
    }
  })

  t.test('and is refused when nobody\'s context awaits it', async (t) => {
    const { query } = await as('acme', () => ({ query: sql`select 1` }))
    await t.rejects(Promise.resolve(query), { code: 'FST_TENANCY_CONTEXT_MISSING' })
  })

  t.test('and is refused when it was written outside of every context', async (t) => {
    const query = sql`select 1`
    await t.rejects(as('acme', async () => await query), { code: 'FST_TENANCY_CONTEXT_MISSING' })
    await t.rejects(Promise.resolve(sql`select 1`), { code: 'FST_TENANCY_CONTEXT_MISSING' })
    await t.rejects(sql.begin(async (tx) => await tx`select 1`), { code: 'FST_TENANCY_CONTEXT_MISSING' })
  })

  t.test('and runs as that tenant however it is awaited inside', async (t) => {
    const returned = await as('acme', () => sql.unsafe(WHO))
    const all = await as('acme', () => Promise.all([sql.unsafe(WHO), sql.unsafe(WHO)]))
    const later = await as('acme', async () => {
      const query = sql.unsafe(WHO)
      await sleep(5)
      return await query
    })
    for (const rows of [returned, ...all, later]) t.same(rows, [{ tenant: 'acme' }])
  })

  t.test('and only that tenant may have the answer, at the first await and at every later one', async (t) => {
    const kept = await as('acme', async () => {
      const query = sql`select body from docs`
      t.same(await query, [{ body: 'secret of acme' }])
      return { query }
    })
    const inFlight = await as('acme', () => ({ query: sql`select body, pg_sleep(0.05) from docs`.execute() }))
    for (const { query } of [kept, inFlight]) {
      await t.rejects(as('globex', async () => await query), { code: 'FST_TENANCY_CONTEXT_CROSS_TENANT' })
      await t.rejects(as('globex', async () => await Promise.all([query])), { code: 'FST_TENANCY_CONTEXT_CROSS_TENANT' })
      await t.rejects(as('globex', () => query.then((rows) => rows)), { code: 'FST_TENANCY_CONTEXT_CROSS_TENANT' })
      await t.rejects(as('globex', () => query.finally(() => {})), { code: 'FST_TENANCY_CONTEXT_CROSS_TENANT' })
      await t.rejects(Promise.resolve(query), { code: 'FST_TENANCY_CONTEXT_MISSING' })
      t.match(await as('acme', async () => await query), [{ body: 'secret of acme' }])
    }
  })

  t.test('so a loader that batches the keys of two tenants in one query is refused (A-05)', async (t) => {
    const keys: number[] = []
    const batch = () => sql`select id, body from docs where id in ${sql(keys)}`
    const inAcme = await as('acme', () => {
      keys.push(1)
      return { query: batch() }
    })
    await t.rejects(as('globex', async () => {
      keys.push(1)
      return await inAcme.query
    }), { code: 'FST_TENANCY_CONTEXT_CROSS_TENANT' })
  })

  t.test('and so does every fragment with values in it', async (t) => {
    const { fragment } = await as('acme', () => ({ fragment: sql`body = ${'secret of acme'}` }))
    await t.rejects(as('globex', () => sql`select * from docs where ${fragment}`), { code: 'FST_TENANCY_CONTEXT_CROSS_TENANT' })
    await t.rejects(as('globex', () => sql`update docs set ${Reflect.apply(sql, undefined, [{ body: fragment }])}`), { code: 'FST_TENANCY_CONTEXT_CROSS_TENANT' })
    class Row { body = fragment }
    for (const row of [Object.assign(Object.create(null), { body: fragment }), new Row()]) {
      await t.rejects(as('globex', () => sql`update docs set ${Reflect.apply(sql, undefined, [row])}`), { code: 'FST_TENANCY_CONTEXT_CROSS_TENANT' })
    }
    await t.rejects(as('globex', () => sql.begin((tx) => tx`select * from docs where ${fragment}`)), { code: 'FST_TENANCY_CONTEXT_CROSS_TENANT' })
  })

  t.test('and so does what is hidden behind a proxy, of which nobody can tell whose it is', async (t) => {
    const { fragment, row, plain } = await as('acme', () => ({ fragment: sql`body = ${'secret of acme'}`, row: sql({ body: 'secret of acme' }), plain: sql`body is not null` }))
    for (const hidden of [new Proxy(fragment, {}), new Proxy(plain, {})]) {
      await t.rejects(as('globex', () => sql`select * from docs where ${hidden}`), { code: 'FST_TENANCY_CONTEXT_CROSS_TENANT' })
    }
    await t.rejects(as('globex', () => sql`update docs set ${new Proxy(row, {})}`), { code: 'FST_TENANCY_CONTEXT_CROSS_TENANT' })
    t.same(await as('acme', () => sql`select body from docs where ${plain}`), [{ body: 'secret of acme' }], 'who wrote it may use it')
  })

  t.test('and so do helpers and typed values', async (t) => {
    const kept = await as('acme', () => ({ row: sql({ body: 'secret of acme' }), json: sql.json('secret of acme'), list: sql.array(['secret of acme']) }))
    for (const value of [kept.json, kept.list]) await t.rejects(as('globex', () => sql`select ${value} as x`), { code: 'FST_TENANCY_CONTEXT_CROSS_TENANT' })
    await t.rejects(as('globex', () => sql`update docs set ${kept.row}`), { code: 'FST_TENANCY_CONTEXT_CROSS_TENANT' })
    await t.rejects(as('globex', () => sql`select ${[kept.list, kept.list]} as x`), { code: 'FST_TENANCY_CONTEXT_CROSS_TENANT' })
  })

  t.test('while a fragment that was written outside, such as a list of columns, is everybody\'s', async (t) => {
    const columns = sql`id, body`
    for (const id of ['acme', 'globex']) t.same(await as(id, () => sql`select ${columns} from docs`), [{ id: 1, body: `secret of ${id}` }])
  })
})

t.test('the driver runs outside of the tenant context (A-01)', async (t) => {
  const { sql, as } = await testTenancy(t, { lanes: { max: 1 } })
  const seen: unknown[] = []
  await as('acme', () => sql`select 1`)

  t.test('and calls forEach callbacks in the context of their caller, that of others included', async (t) => {
    const other = new AsyncLocalStorage<string>()
    await other.run('kept', () => as('globex', () => sql`select generate_series(1, 2) as x`.forEach((row) => {
      seen.push(`${row['x']} ${currentTenant()?.id} ${other.getStore()}`)
    })))
    t.same(seen, ['1 globex kept', '2 globex kept'])
  })

  t.test('and parsers, transforms and notices see no tenant', async (t) => {
    const contexts: unknown[] = []
    const look = <T>(value: T): T => {
      contexts.push(currentTenant()?.id)
      return value
    }
    const test = await testTenancy(t, { lanes: { max: 1 } })
    const own = new URL(test.appUrl)
    const tenancy = await createTenancy({
      mode: 'multi',
      lanes: { max: 1 },
      log: { info () {}, warn () {}, error () {} },
      database: {
        host: own.hostname,
        port: Number(own.port),
        database: own.pathname.slice(1),
        user: own.username,
        password: own.password,
        onnotice: look,
        transform: { value: { from: look } }
      }
    })
    t.teardown(() => tenancy.close())
    await tenancy.runWithTenant('acme', () => tenancy.sql`select 1 as x`)
    contexts.length = 0
    await tenancy.runWithTenant('globex', () => tenancy.sql`select 1 as x`)
    t.ok(contexts.length > 0)
    t.same(contexts.filter((context) => context !== undefined), [])
  })
})

t.test('the tenant client', async (t) => {
  const { sql, as, documents } = await testTenancy(t)

  t.test('takes parameters, helpers, fragments and typed values as postgres.js does', async (t) => {
    await as('acme', async () => {
      await sql`insert into docs ${sql([{ id: 2, body: 'b' }, { id: 3, body: 'c' }])}`
      await sql`insert into docs ${sql({ id: 4, body: 'd', extra: 1 }, 'id', 'body')}`
      await sql`update docs set ${sql({ body: 'changed' }, 'body')} where id = ${4}`
      t.same(await sql`select ${sql(['id', 'body'])} from ${sql('docs')} where id in ${sql([3, 4])} ${sql`order by ${sql('id')} desc`}`, [{ id: 4, body: 'changed' }, { id: 3, body: 'c' }])
      t.same(await sql`select id from docs where id = any(${sql.array([2, 3])}::int[]) order by 1`.values(), [[2], [3]])
      t.same(await sql`select ${sql.json({ a: [1] })}::jsonb as j, ${sql.typed(7, 23)} as n, ${new Date(0)}::timestamptz as d`, [{ j: { a: [1] }, n: 7, d: new Date(0) }])
      t.same(await sql`select array[1, 2] as a, array['x']::text[] as b`, [{ a: [1, 2], b: ['x'] }])
      t.same(await sql.unsafe('select $1::int as x', [5]), [{ x: 5 }])
      t.same((await sql`select 'raw' as x`.raw())[0]?.[0]?.toString(), 'raw')
      const result = await sql`select id from docs where id > ${1}`
      t.same([result.count, result.command, result.columns.map(({ name }) => name)], [3, 'SELECT', ['id']])
      await sql`delete from docs where id > 1`
    })
    t.equal((await documents()).length, 2)
  })

  t.test('takes nothing that a client sent for SQL text', async (t) => {
    const attack = JSON.parse('{"raw":[],"0":"(id, body) select 66, query_to_xml(\'select body from tenant_globex.docs\', true, true, \'\')::text"}')
    const honest = JSON.parse('{"id":67,"body":"mine"}')
    await as('acme', async () => {
      t.throws(() => sql`insert into docs ${sql(attack, 'id', 'body')}`, { code: 'FST_TENANCY_SQL_REFUSED' })
      t.throws(() => sql`select * from docs where id in ${sql(attack)}`, { code: 'FST_TENANCY_SQL_REFUSED' })
      t.throws(() => sql(attack), { code: 'FST_TENANCY_SQL_REFUSED' })
      t.throws(() => sql({ raw: 'x' }), { code: 'FST_TENANCY_SQL_REFUSED' })
      t.throws(() => Reflect.apply(sql.unsafe, undefined, [attack]), { code: 'FST_TENANCY_SQL_REFUSED' })
      await t.rejects(sql.begin((tx) => tx`insert into docs ${tx(attack, 'id', 'body')}`), { code: 'FST_TENANCY_SQL_REFUSED' })
      t.same(await sql`insert into docs (id, body) values (66, ${attack}) returning body`, [{ body: '[object Object]' }], 'a parameter, as the driver writes objects')
      await sql`delete from docs where id = 66`
      await sql`insert into docs ${sql(honest, 'id', 'body')}`
      t.equal((await sql`delete from docs where id = 67`).count, 1)
    })
    t.equal((await documents()).length, 2)
  })

  t.test('writes no query into JSON', async (t) => {
    await as('acme', async () => {
      t.throws(() => JSON.stringify({ deals: sql`select ${'secret'}` }), { code: 'FST_TENANCY_SQL_REFUSED', message: /await/ })
    })
  })

  t.test('outlives a statement of a transaction that fails and that nobody awaits', async (t) => {
    await t.rejects(as('acme', () => sql.begin(async (tx) => {
      tx`select 1/0`.execute()
      await sleep(20)
    })), { code: '22012' })
  })

  t.test('tells nobody the path of another', async (t) => {
    await as('acme', () => sql.begin(async (tx) => {
      await tx`select 1`
      t.notOk('search_path' in sql.parameters)
      t.equal(Reflect.get(sql.parameters, 'client_encoding'), 'UTF8')
    }))
  })

  t.test('answers with the server\'s own errors', async (t) => {
    await t.rejects(as('acme', () => sql`insert into docs (id, body) values (1, 'again')`), { name: 'PostgresError', code: '23505' })
    await t.rejects(as('acme', () => sql`select * from nothing`), { code: '42P01' })
    await t.rejects(as('acme', () => sql`select * from public.nothing`), { code: '42P01' })
  })

  t.test('opens transactions with options, and savepoints with names, and takes neither for SQL (D-24)', async (t) => {
    await t.rejects(as('acme', () => sql.begin('read only', (tx) => tx`delete from docs`)), { code: '25006' })
    t.same(await as('acme', () => sql.begin('isolation level serializable', (tx) => tx`show transaction_isolation`)), [{ transaction_isolation: 'serializable' }])
    await t.rejects(as('acme', () => sql.begin('read only; drop table docs', (tx) => tx`select 1`)), { code: 'FST_TENANCY_SQL_REFUSED' })
    t.same(await as('acme', () => sql.begin((tx) => tx.savepoint('a "name" with; anything.in it', (s) => s`select 1 as x`))), [{ x: 1 }])
    t.same(await as('acme', () => sql.begin((tx) => [tx`select 1 as x`, tx`select 2 as x`])), [[{ x: 1 }], [{ x: 2 }]])
  })

  t.test('lets a transaction change its own limits, and no other\'s', async (t) => {
    const rows = await as('acme', () => sql.begin(async (tx) => {
      await tx`set local statement_timeout = 1234`
      await tx`set constraints all deferred`
      return await tx`show statement_timeout`
    }))
    t.same(rows, [{ statement_timeout: '1234ms' }])
    t.same(await as('acme', () => sql`show statement_timeout`), [{ statement_timeout: '1min' }])
  })

  t.test('refuses what belongs to no tenant, and says what to do instead', async (t) => {
    const refused: readonly (() => unknown)[] = [
      () => sql.subscribe('*', () => {}), () => sql.largeObject(), () => sql.end()
    ]
    for (const call of refused) t.throws(call, { code: 'FST_TENANCY_SQL_REFUSED', message: /because.*:|: use/ }, String(call))
    t.throws(() => sql.subscribe('*', () => {}), { message: /replication ignores row security: subscribe on a connection of your own/ })
    t.throws(() => sql.largeObject(), { message: /belong to no tenant: store a bytea column/ })
    for (const text of ['select lo_create(0)', 'select lo_get(1)', 'select * from pg_largeobject']) {
      await t.rejects(as('acme', () => sql.unsafe(text)), { code: 'FST_TENANCY_SQL_REFUSED', message: /no tenant.*store a bytea column/ }, text)
    }
    t.same(Object.keys(sql.options).sort(), ['parsers', 'serializers', 'transform', 'types'], 'no credentials')
  })

  t.test('has cursors, COPY, descriptions, files, texts of several statements, and reservations', async (t) => {
    await as('acme', async () => {
      const sizes: number[] = []
      for await (const rows of sql`select generate_series(1, 5) as x`.cursor(2)) sizes.push(rows.length)
      t.same(sizes, [2, 2, 1])
      for await (const rows of sql`select generate_series(1, 5) as x`.cursor(2)) {
        sizes.push(rows.length)
        if (sizes.length === 4) break
      }
      t.same(sizes, [2, 2, 1, 2])
      const seen: unknown[] = []
      await sql`select ${1}::int as x, current_setting('app.tenant_id') as tenant`.cursor((rows) => { seen.push(rows[0], currentTenant()?.id) })
      t.same(seen, [{ x: 1, tenant: 'acme' }, 'acme'])
      t.same(await sql`select 1 as x; select current_setting('app.tenant_id') as tenant`.simple(), [[{ x: 1 }], [{ tenant: 'acme' }]])
      t.match(await sql`select id, body from docs where id = ${1}`.describe(), { columns: [{ name: 'id' }, { name: 'body' }] })
      let text = ''
      for await (const chunk of await sql`copy (select body from docs) to stdout`.readable()) text += String(chunk)
      t.equal(text, 'secret of acme\n')
      t.same(await sql.file(t.testdir({ 'one.sql': 'select $1::int as x' }) + '/one.sql', [7]), [{ x: 7 }])
      t.same(await sql.alone`select current_setting('app.tenant_id') as tenant`, [{ tenant: 'acme' }])
      await t.rejects(Promise.resolve(sql`select 1; commit`.simple()), { code: 'FST_TENANCY_SQL_REFUSED' })
      await t.rejects(Promise.resolve(sql`select x from docs`.simple()), { code: '42703', position: '8' }, 'positions count from the start of the user\'s text')
    })
    t.equal((await documents()).length, 2)
  })

  t.test('gives the batches of a cursor to nobody but the tenant that wrote it, and ends one that another asks for (A-05)', async (t) => {
    const batches = await as('acme', () => [sql`select body from docs, generate_series(1, 3)`.cursor(1)[Symbol.asyncIterator]()] as const)
    t.same(await as('acme', () => batches[0].next()), { done: false, value: [{ body: 'secret of acme' }] })
    await t.rejects(as('globex', () => batches[0].next()), { code: 'FST_TENANCY_CONTEXT_CROSS_TENANT' })
    t.match(await as('acme', () => batches[0].next()), { done: true })
  })

  t.test('waits for what the callback of a cursor does with the last rows, and fails with it', async (t) => {
    await as('acme', async () => {
      const seen: unknown[] = []
      const see = async (rows: readonly unknown[]): Promise<void> => {
        await sql`select 1`
        seen.push(...rows)
      }
      await sql`select generate_series(1, 3) as x`.cursor(2, see)
      t.same(seen, [{ x: 1 }, { x: 2 }, { x: 3 }])
      for (const last of [2, 3]) {
        const fail = async (rows: readonly { x: number }[]): Promise<void> => { if (rows.some(({ x }) => x === last)) throw new Error('not this one') }
        await t.rejects(Promise.resolve(sql<{ x: number }[]>`select generate_series(1, 3) as x`.cursor(2, fail)), { message: 'not this one' })
      }
    })
  })

  t.test('cancels a statement, on its way or waiting, and nobody else\'s (D-14)', async (t) => {
    const { sql, as } = await testTenancy(t, { lanes: { max: 1 } })
    await as('acme', async () => {
      const slow = sql`select pg_sleep(5)`
      setTimeout(() => slow.cancel(), 100)
      await t.rejects(Promise.resolve(slow), { code: '57014' })
    })
    t.same(await as('globex', () => sql`select body from docs`), [{ body: 'secret of globex' }])
  })

  t.test('hands out neither the raw client nor credentials, from wherever one looks (D-21)', async (t) => {
    const { sql, as, appUrl } = await testTenancy(t)
    const { password } = new URL(appUrl)
    const result = await as('acme', () => sql`select 1`)
    const query = await as('acme', () => ({ query: sql`select ${1}` }))
    const kept: unknown[] = []
    await as('acme', () => sql.begin(async (tx) => { kept.push(tx) }))
    const seen = new Set<unknown>()
    const walk = (value: unknown, path: string): void => {
      if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value) || path.length > 200) return
      seen.add(value)
      for (const key of Reflect.ownKeys(value)) {
        const inner = Object.getOwnPropertyDescriptor(value, key)?.value
        t.not(inner, password, `${path}.${String(key)}`)
        walk(inner, `${path}.${String(key)}`)
      }
      walk(Object.getPrototypeOf(value), `${path}.[[prototype]]`)
    }
    walk({ sql, query, result, kept }, '')
    t.ok(seen.size > 50)
    t.equal(Reflect.get(result.state, 'secret'), null, 'the key that cancels the statements of whoever has the connection next')
  })
})

t.test('runWithTenant()', async (t) => {
  const { sql, as, tenancy } = await testTenancy(t)

  t.test('refuses another tenant inside a tenant, unless it is left on purpose (A-08)', async (t) => {
    await t.rejects(as('acme', () => as('globex', () => 1)), { code: 'FST_TENANCY_CONTEXT_CROSS_TENANT' })
    t.equal(await as('acme', () => as('acme', () => currentTenant()?.id)), 'acme')
    t.equal(await as('acme', () => tenancy.runWithoutTenant('a test', () => as('globex', () => currentTenant()?.id))), 'globex')
    await t.rejects(tenancy.runWithoutTenant('a test', () => sql`select 1`), { code: 'FST_TENANCY_CONTEXT_MISSING' })
    await t.rejects(tenancy.runWithoutTenant(' ', () => 1), { code: 'FST_TENANCY_OPTIONS_INVALID' })
  })

  t.test('refuses an unknown tenant, an id that is none, and a suspended tenant', async (t) => {
    await t.rejects(as('initech', () => 1), { code: 'FST_TENANCY_TENANT_DENIED', cause: { code: 'FST_TENANCY_TENANT_UNKNOWN' } })
    await t.rejects(as('a"; drop schema x', () => 1), { code: 'FST_TENANCY_TENANT_ID_INVALID' })
    await tenancy.registry.setStatus('globex', 'suspended')
    await t.rejects(as('globex', () => 1), { code: 'FST_TENANCY_TENANT_DENIED', cause: { code: 'FST_TENANCY_TENANT_INACTIVE' } })
    await tenancy.registry.setStatus('globex', 'active')
    t.equal(await as('globex', () => currentTenant()?.name), 'globex')
  })

  t.test('gives a frozen tenant in a frozen context', async (t) => {
    const tenant = await as('acme', () => currentTenant())
    t.ok(Object.isFrozen(tenant))
  })

  t.test('carries a transaction on in the tenant\'s own context', async (t) => {
    t.same(await as('acme', () => sql.begin(async () => await as('acme', () => sql.begin((tx) => tx`select 1 as nested`)))), [{ nested: 1 }])
  })
})

t.test('observe mode', async (t) => {
  const warnings: unknown[] = []
  const log = { info () {}, warn: (details: object, message: string) => { warnings.push({ ...details, message }) }, error () {} }
  const { sql, as, tenancy } = await testTenancy(t, { enforce: false, log })

  t.test('warns at the start', async (t) => t.match(warnings, [{ message: /only logged/ }]))

  t.test('lets a query of another tenant through as the tenant that wrote it, and counts it', async (t) => {
    const before = (await tenancy.stats()).observed
    const { query } = await as('acme', () => ({ query: sql`select body from docs` }))
    t.same(await as('globex', async () => await query), [{ body: 'secret of acme' }])
    t.ok((await tenancy.stats()).observed > before)
  })

  t.test('lets a statement without a tenant through to a database that shows it nothing', async (t) => {
    await t.rejects(Promise.resolve(sql`select * from docs`), { code: '42P01' })
    t.same(await sql`select * from tenant_acme.docs`, [])
    t.match(warnings.at(-1), { err: { code: 'FST_TENANCY_CONTEXT_MISSING' } })
  })
})
