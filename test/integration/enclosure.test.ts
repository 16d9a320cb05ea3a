import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { TenantSql } from '../../lib/index.ts'
import { createTenantClient } from '../../lib/data/client/index.ts'
import { citusDialect } from '../../lib/data/wire/index.ts'
import { runInContext, tenantContext } from '../../lib/settings/context/index.ts'
import { createEnforcement } from '../../lib/settings/enforcement/index.ts'
import { onlyPlace, settingsFor, testLanes } from '../support/lanes.ts'
import { type TestTenancy, testTenancy } from '../support/tenancy.ts'

// What is sent to Citus works on PostgreSQL too, so that all of it but the workers is tried without any.

interface Scene extends TestTenancy {
  readonly lanes: Awaited<ReturnType<typeof testLanes>>['lanes']
  /** Runs `fn` as a tenant whose every statement is in a transaction of its own. */
  enclosed<T> (tenantId: string, fn: (sql: TenantSql) => T | PromiseLike<T>, schema?: string): Promise<T>
}

async function scene (t: Parameters<typeof testTenancy>[0], isolation: 'schema+rls' | 'schema' = 'schema+rls'): Promise<Scene> {
  const max = 2
  const test = await testTenancy(t, { isolation })
  const surroundings = await testLanes(t, test.appUrl, { max, perTenant: max, waiting: 1_000, dialect: citusDialect({ isNamed: true }) })
  const enforcement = createEnforcement(true, { info () {}, warn () {}, error () {} })
  const enclosed: Scene['enclosed'] = async (tenantId, fn, schema) => {
    const tenant = await test.tenancy.registry.get(tenantId)
    const places = onlyPlace(surroundings, () => settingsFor(tenantId, schema))
    const { sql } = createTenantClient({ places, timeouts: surroundings.timeouts, enforcement, whereabouts: { forget () {}, find: async () => tenant } })
    return await runInContext(tenantContext(tenant), async () => await fn(sql))
  }
  return { ...test, lanes: surroundings.lanes, enclosed }
}

/** Makes whatever writes to the table of a tenant take a while when it is committed, or fail there. */
async function atCommit ({ admin }: Scene, tenantId: string, body: string): Promise<void> {
  await admin.unsafe(`create or replace function tenant_${tenantId}.late () returns trigger language plpgsql as $$ begin ${body}; return null; end $$`)
  await admin.unsafe(`drop trigger if exists late on tenant_${tenantId}.docs`)
  await admin.unsafe(`create constraint trigger late after insert on tenant_${tenantId}.docs deferrable initially deferred for each row execute function tenant_${tenantId}.late()`)
}

t.test('a statement in a transaction of its own', async (t) => {
  const test = await scene(t)
  const { enclosed, documents, lanes } = test
  const bodies = async (tenantId: string): Promise<unknown[]> => await enclosed(tenantId, async (sql) => (await sql`select body from docs order by id`).map((row) => row['body']))

  t.test('shows each tenant its own rows, and none where the path is another\'s', async (t) => {
    for (const id of ['acme', 'globex']) t.same(await bodies(id), [`secret of ${id}`])
    t.same(await enclosed('acme', async (sql) => [...await sql`select body from docs`], 'tenant_globex'), [])
    await t.rejects(enclosed('acme', (sql) => sql`insert into docs (tenant_id, id, body) values ('globex', 9, 'x')`, 'tenant_globex'), { code: '42501' })
  })

  t.test('leaves nothing of its settings behind', async (t) => {
    await bodies('acme')
    const [row] = await enclosed('globex', (sql) => sql`select current_setting('app.tenant_id') as tenant, current_schema() as schema, now() = statement_timestamp() as own`)
    t.match(row, { tenant: 'globex', schema: 'tenant_globex' })
    const { held, connections } = lanes.stats
    t.match({ held, discarded: connections.discarded }, { held: 0, discarded: 0 })
  })

  t.test('that fails leaves the connection to the next, whoever that is', async (t) => {
    const answers = await Promise.allSettled(Array.from({ length: 300 }, (_, index) => {
      const id = index % 2 === 0 ? 'acme' : 'globex'
      return enclosed(id, async (sql) => index % 3 === 0 ? await sql`select 1 / ${index - index}::int as body` : await sql`select body, ${index}::int as index from docs`)
    }))
    for (const [index, answer] of answers.entries()) {
      if (index % 3 === 0) t.match(answer, { status: 'rejected', reason: { code: '22012' } })
      else t.match(answer, { value: [{ body: `secret of ${index % 2 === 0 ? 'acme' : 'globex'}`, index }] })
    }
    t.equal(lanes.stats.connections.discarded, 0)
  })

  t.test('with a unique key that is taken says so, and nothing is kept', async (t) => {
    await t.rejects(enclosed('acme', (sql) => sql`insert into docs (id, body) values (7, 'x'), (1, 'x')`), { code: '23505' })
    t.equal((await documents()).length, 2)
  })

  t.test('is not sent where the schema is missing', async (t) => {
    await t.rejects(enclosed('acme', (sql) => sql`insert into tenant_acme.docs (id, body) values (8, 'x')`, 'tenant_nowhere'), { code: 'FST_TENANCY_SCHEMA_MISSING' })
    t.equal((await documents()).length, 2)
    t.same(await bodies('acme'), ['secret of acme'])
  })

  t.test('is prepared anew when a migration has changed its table', async (t) => {
    for (let round = 0; round < 5; round++) await enclosed('globex', (sql) => sql`select * from docs where id = ${1}`)
    await test.admin.unsafe('alter table tenant_globex.docs add column more int default 7')
    t.match(await enclosed('globex', async (sql) => [...await sql`select * from docs where id = ${1}`]), [{ body: 'secret of globex', more: 7 }])
  })
})

t.test('a statement is done when its transaction is committed, and not before:', async (t) => {
  // PostgreSQL takes no COPY into a table with row security.
  t.test('whoever hears of it finds it there', async (t) => {
    const test = await scene(t, 'schema')
    await atCommit(test, 'acme', 'perform pg_sleep(0.4)')
    for (const [id, write] of [
      [2, (sql: TenantSql) => sql`insert into docs (id, body) values (2, 'new')`],
      [3, (sql: TenantSql) => sql`insert into docs (id, body) values (3, 'new') returning id`],
      [4, (sql: TenantSql) => sql.unsafe("insert into docs (id, body) values (4, 'new')")],
      [5, async (sql: TenantSql) => {
        const stream = await sql`copy docs (tenant_id, id, body) from stdin`.writable()
        stream.end('acme\t5\tnew\n')
        await once(stream, 'finish')
      }],
      [6, (sql: TenantSql) => sql`insert into docs (id, body) values (6, 'new') returning id`.cursor(10, () => {})]
    ] as const) {
      await test.enclosed('acme', async (sql) => { await write(sql) })
      t.ok((await test.documents()).some((document) => document.id === id), String(id))
    }
  })

  t.test('one that fails at its commit has failed', async (t) => {
    const test = await scene(t, 'schema')
    await atCommit(test, 'acme', "raise exception 'too late' using errcode = 'ZZ001'")
    for (const write of [
      (sql: TenantSql) => sql`insert into docs (id, body) values (2, 'new')`,
      (sql: TenantSql) => sql`insert into docs (id, body) values (3, 'new') returning id`,
      (sql: TenantSql) => sql`insert into docs (id, body) values (6, 'new') returning id`.cursor(10, () => {}),
      async (sql: TenantSql) => {
        const stream = await sql`copy docs (tenant_id, id, body) from stdin`.writable()
        stream.end('acme\t5\tnew\n')
        await Promise.race([once(stream, 'finish'), once(stream, 'error').then(([error]) => { throw error })])
      }
    ]) {
      await t.rejects(test.enclosed('acme', async (sql) => { await write(sql) }), { code: 'ZZ001' })
      t.equal((await test.documents()).length, 2)
      t.same(await test.enclosed('globex', async (sql) => [...await sql`select body from docs`]), [{ body: 'secret of globex' }], 'and the next one works')
    }
  })

  t.test('one whose connection is lost at its commit has no known outcome', async (t) => {
    const test = await scene(t)
    await atCommit(test, 'acme', 'perform pg_sleep(5)')
    const lost = t.rejects(test.enclosed('acme', (sql) => sql`insert into docs (id, body) values (2, 'new')`), { code: 'FST_TENANCY_TRANSACTION_OUTCOME_UNKNOWN' })
    await sleep(300)
    await test.killBackends()
    await lost
    t.equal((await test.enclosed('globex', (sql) => sql`select 1`)).length, 1)
  })
})

t.test('what is more than one statement', async (t) => {
  const test = await scene(t, 'schema')
  const { enclosed, documents, lanes } = test
  await test.as('acme', () => test.sql`insert into docs (id, body) select n, 'row ' || n from generate_series(10, 59) n`)

  t.test('a cursor is read to its end, broken off, or fails half-way, and the connection is free again', async (t) => {
    const sizes = await enclosed('acme', async (sql) => {
      const found: number[] = []
      for await (const rows of sql`select id from docs`.cursor(20)) found.push(rows.length)
      return found
    })
    t.same(sizes, [20, 20, 11])
    await enclosed('acme', async (sql) => {
      for await (const rows of sql`select id from docs`.cursor(20)) if (rows.length > 0) break
    })
    await t.rejects(enclosed('acme', async (sql) => {
      for await (const rows of sql`select 100 / (45 - id) as x from docs where id > 9 order by id`.cursor(20)) t.equal(rows.length, 20)
    }), { code: '22012' })
    for (const id of ['globex', 'acme']) t.equal((await enclosed(id, (sql) => sql`select body from docs where id = 1`))[0]?.['body'], `secret of ${id}`)
    await sleep(50)
    t.match(lanes.stats, { held: 0, connections: { alone: 0 } })
  })

  t.test('COPY reads its tenant\'s rows alone, and keeps nothing where one of its own is wrong', async (t) => {
    const text = await enclosed('globex', async (sql) => {
      const parts: Buffer[] = []
      for await (const part of await sql`copy (select body from docs) to stdout`.readable()) parts.push(Buffer.from(part))
      return Buffer.concat(parts).toString()
    })
    t.equal(text, 'secret of globex\n')
    await t.rejects(enclosed('globex', async (sql) => {
      const stream = await sql`copy docs (tenant_id, id, body) from stdin`.writable()
      stream.end('globex\t70\tgood\nglobex\tno number\tx\n')
      await Promise.race([once(stream, 'finish'), once(stream, 'error').then(([error]) => { throw error })])
    }), { code: '22P02' })
    t.equal((await documents()).filter(({ id }) => id >= 70).length, 0)
    for (let round = 0; round < 5; round++) t.equal((await enclosed('acme', (sql) => sql`select count(*)::int as rows from docs`))[0]?.['rows'], 51)
  })

  t.test('a text of several statements answers with all of their rows, and is one transaction', async (t) => {
    const results = await enclosed('acme', (sql) => sql.unsafe("select body from docs where id = 1; insert into docs (id, body) values (80, 'x'); select body from docs where id = 80").simple())
    t.same(results.map((rows: unknown) => Array.isArray(rows) ? [...rows] : rows), [[{ body: 'secret of acme' }], [{ body: 'x' }]])
    await t.rejects(enclosed('acme', (sql) => sql.unsafe("insert into docs (id, body) values (81, 'x'); select 1 / 0").simple()), { code: '22012' })
    t.notOk((await documents()).some(({ id }) => id === 81))
  })

  t.test('a transaction commits all or nothing, with texts and savepoints in it', async (t) => {
    await enclosed('globex', (sql) => sql.begin(async (tx) => {
      await tx`insert into docs (id, body) values (2, 'kept')`
      await tx.unsafe("insert into docs (id, body) values (3, 'kept')").simple()
      await tx.savepoint((inner) => inner`insert into docs (id, body) values (1, 'taken')`).catch(() => {})
      t.equal((await tx`select count(*)::int as rows from docs`)[0]?.['rows'], 3)
    }))
    await t.rejects(enclosed('globex', (sql) => sql.begin(async (tx) => {
      await tx`insert into docs (id, body) values (4, 'not kept')`
      await tx.unsafe('select 1 / 0').simple()
    })), { code: '22012' })
    t.equal((await documents()).filter(({ tenant_id: tenant }) => tenant === 'globex').length, 3)
  })

  t.test('a reservation may begin and end transactions itself', async (t) => {
    await enclosed('globex', async (sql) => {
      const reserved = await sql.reserve()
      t.equal((await reserved`select count(*)::int as rows from docs`)[0]?.['rows'], 3)
      await reserved`begin`
      await reserved`insert into docs (id, body) values (5, 'x')`
      await reserved`rollback`
      t.equal((await reserved`select count(*)::int as rows from docs`)[0]?.['rows'], 3)
      reserved.release()
    })
  })
})
