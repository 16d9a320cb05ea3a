import t from 'tap'
import { type Tenancy, type TenancyOptions, createTenancy } from '../../lib/index.ts'
import { heldDeals, mixedWork, whoseDeal } from '../support/mixed-work.ts'
import { type PoolMode, startPgBouncer, withoutPgBouncer } from '../support/pgbouncer.ts'
import { SIGNING } from '../support/signing.ts'
import { plainClient } from '../support/tenancy.ts'
import { TENANTS, type TenantsDatabase, tenantsDatabase } from '../support/tenancy-app.ts'

// Everybody's transactions share a few server connections, so whatever a session keeps is the next caller's (P-01).

type TestScope = Parameters<typeof tenantsDatabase>[0]

interface LogLine {
  readonly level: string
  readonly details: object
  readonly message: string
}

interface PooledScene extends TenantsDatabase {
  readonly through: (url: string) => string
  /** Opens one more tenancy behind the pooler; it closes when the test ends. */
  readonly open: (options?: TenancyOptions) => Promise<Tenancy>
  readonly lines: readonly LogLine[]
}

const skip = withoutPgBouncer()

async function pooledScene (t: TestScope, mode: PoolMode, size?: number, given: Pick<TenancyOptions, 'signing' | 'locked'> = {}): Promise<PooledScene> {
  const database = await tenantsDatabase(t, given)
  const { through } = await startPgBouncer(t, [database.appUrl], { mode, ...(size === undefined ? {} : { size }) })
  const { log, lines } = recorder()
  const open = async (options: TenancyOptions = {}): Promise<Tenancy> => {
    const tenancy = await createTenancy({ mode: 'multi', database: through(database.appUrl), log, ...given, ...options })
    t.teardown(() => tenancy.close())
    return tenancy
  }
  return { ...database, through, open, lines }
}

function recorder (): { readonly log: NonNullable<TenancyOptions['log']>, readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = []
  const write = (level: string) => (details: object, message: string): void => { lines.push({ level, details, message }) }
  return { log: { info: write('info'), warn: write('warn'), error: write('error') }, lines }
}

t.test('PgBouncer in transaction mode', { skip }, async (t) => {
  const scene = await pooledScene(t, 'transaction')
  const tenancies = [await scene.open({ lanes: { max: 6 } }), await scene.open({ lanes: { max: 6 } })]

  t.test('is noticed at start', async (t) => {
    t.ok(scene.lines.some(({ message }) => /pooler/i.test(message)), 'the log says so')
    const { log, lines } = recorder()
    const direct = await createTenancy({ mode: 'multi', database: scene.appUrl, log })
    await direct.close()
    t.notOk(lines.some(({ message }) => /pooler/i.test(message)), 'and says nothing where there is none')
  })

  t.test('refuses sql.listen and says what to do, and sends what sql.notify sends', async (t) => {
    const direct = await createTenancy({ mode: 'multi', database: scene.appUrl, log: recorder().log })
    t.teardown(() => direct.close())
    const [pooled] = tenancies
    const heard = await new Promise((resolve, reject) => {
      direct.runWithTenant('acme', async () => await direct.sql.listen('news', resolve))
        .then(() => pooled?.runWithTenant('acme', async () => {
          await t.rejects(pooled.sql.listen('news', () => {}), { code: 'FST_TENANCY_SQL_REFUSED', message: /pooler.*URL of the server itself/ })
          await pooled.sql.notify('news', 'through the pooler')
        })).catch(reject)
    })
    t.equal(heard, 'through the pooler')
  })

  t.test('gives 16 callers of two tenants no wrong answer on two connections', async (t) => {
    const { answers, wrong, inserted } = await mixedWork(tenancies, 8)
    t.strictSame(wrong, [])
    t.ok(answers > 1_500, `${answers} answers`)
    t.strictSame(await heldDeals(scene), { count: inserted + TENANTS.length, wrong: [] })
    const [server] = await scene.admin`select count(*)::int as count from pg_stat_activity where usename = ${new URL(scene.appUrl).username}`
    t.ok(server?.['count'] <= 2, 'all of them on two connections of the server')
  })

  t.test('lets nobody in between the rows of a cursor', async (t) => {
    const tenancy = await scene.open({ lanes: { max: 4 }, timeouts: { statement: 3_000 } })
    const { sql, runWithTenant } = tenancy
    const stranger = plainClient(t, scene.through(scene.appUrl), { prepare: false })
    const over = new AbortController()
    const strange = (async () => {
      const seen = new Set<unknown>()
      while (!over.signal.aborted) for (const { tenant } of await stranger`select coalesce(current_setting('app.tenant_id', true), '') as tenant`) seen.add(tenant)
      return [...seen]
    })()
    const titles = async (cursor: AsyncIterable<readonly object[]>): Promise<readonly unknown[]> => {
      const found: unknown[] = []
      for await (const rows of cursor) found.push(...rows.map((row) => Reflect.get(row, 'title')))
      return found
    }
    for (let turn = 0; turn < 30; turn++) {
      await Promise.all(TENANTS.map(async (tenant) => await runWithTenant(tenant, async () => {
        // What a connection was used for is taken away in front of the cursor.
        await sql`select 1`
        t.same(await titles(sql`select title from deals where id = '1' union all select title from deals where id = '1'`.cursor(1)), [tenant, tenant])
        t.same(await sql.begin(async (tx) => await titles(tx`select title from deals where id = '1'`.cursor(1))), [tenant])
      })))
    }
    over.abort()
    t.same(await strange, [''], 'whoever shares the connections saw no setting')
  })

  t.test('gives the naive way wrong answers, and this test sees them', async (t) => {
    const answers = await Promise.all(Array.from({ length: 8 }, async (_, caller) => {
      const session = plainClient(t, scene.through(scene.appUrl), { prepare: false })
      const tenant = TENANTS[caller % 2 === 0 ? 0 : 1]
      const seen: unknown[] = []
      for (let i = 0; i < 20; i++) {
        await session`select set_config('search_path', ${`tenant_${tenant}`}, false), set_config('app.tenant_id', ${tenant}, false)`
        seen.push(...await whoseDeal(session).catch((error: unknown) => [error]))
      }
      return seen.filter((owner) => owner !== tenant)
    }))
    t.not(answers.flat().length, 0)
    // They would stay on the two connections.
    await scene.admin`select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = ${new URL(scene.appUrl).username}`
  })
})

for (const [what, given] of [['a signed tenant context', { signing: SIGNING }], ['settings that are locked', { locked: true }]] as const) {
  t.test(`PgBouncer in transaction mode, with ${what}`, { skip }, async (t) => {
    const scene = await pooledScene(t, 'transaction', undefined, given)
    const tenancy = await scene.open({ lanes: { max: 6 } })

    t.test('gives 4 callers of two tenants no wrong answer', async (t) => {
      const { answers, wrong, inserted } = await mixedWork([tenancy], 4)
      t.strictSame(wrong, [])
      t.ok(answers > 300, `${answers} answers`)
      t.strictSame(await heldDeals(scene), { count: inserted + TENANTS.length, wrong: [] })
    })

    t.test('leaves no tenant and no path on the connections to the server', async (t) => {
      const clients = [1, 2].map(() => plainClient(t, scene.through(scene.appUrl)))
      const left = await Promise.all(clients.map(async (client) => await client.begin(async (tx) => {
        const [row] = await tx`select coalesce(current_setting('app.tenant_id', true), '') as tenant, current_setting('search_path') as path, pg_sleep(0.3)`
        return [row?.['tenant'], row?.['path']]
      })))
      t.strictSame(left, [['', '""'], ['', '""']])
    })

    t.test('takes texts and streams too, and goes on behind one that fails', async (t) => {
      const { sql, runWithTenant } = tenancy
      for (const tenant of TENANTS) {
        await runWithTenant(tenant, async () => {
          t.match(await sql`select title from deals where id = '1'`.simple(), [{ title: tenant }])
          await t.rejects(sql`select 1; select 1 / 0`.simple(), { code: '22012' })
          const copied: string[] = []
          for await (const chunk of await sql`copy (select title from deals where id = '1') to stdout`.readable()) copied.push(String(chunk))
          t.equal(copied.join(''), `${tenant}\n`)
          await sql.begin(async (tx) => {
            t.match(await tx`select title from deals where id = '1'`.simple(), [{ title: tenant }])
            await tx.savepoint(async (inner) => { await inner`select 1 / 0`.simple() }).catch(() => {})
            t.match(await tx`select title from deals where id = '1'`, [{ title: tenant }])
          })
        })
      }
    })
  })
}

t.test('PgBouncer in session mode', { skip }, async (t) => {
  const scene = await pooledScene(t, 'session', 8)

  t.test('gives 8 callers of two tenants no wrong answer (P-07)', async (t) => {
    const { answers, wrong, inserted } = await mixedWork([await scene.open({ lanes: { max: 4 } })], 4)
    t.strictSame(wrong, [])
    t.ok(answers > 600, `${answers} answers`)
    t.strictSame(await heldDeals(scene), { count: inserted + TENANTS.length, wrong: [] })
  })
})

t.test('PgBouncer in statement mode', { skip }, async (t) => {
  const scene = await pooledScene(t, 'statement')

  t.test('is refused at the start or at sql.begin, and the error says why (P-05)', async (t) => {
    const opened = await scene.open().catch((error: unknown) => error)
    if (opened instanceof Error) {
      t.match(Object(opened).code, /^FST_TENANCY_/)
      t.match(reasonsOf(opened), /statement pooling mode/)
      return
    }
    const { sql, runWithTenant } = await scene.open()
    for (const tenant of TENANTS) {
      const outcome = await runWithTenant(tenant, () => sql.begin(async (tx) => await whoseDeal(tx))).catch((error: unknown) => error)
      t.match(Object(outcome).code, /^FST_TENANCY_/)
      t.match(reasonsOf(outcome), /statement pooling mode/)
      t.strictSame([...new Set(await runWithTenant(tenant, async () => await whoseDeal(sql)))], [tenant], 'single statements work')
    }
  })
})

/** What an error says, and its causes. */
function reasonsOf (error: unknown): string {
  return error instanceof Error ? `${error.message} ${reasonsOf(error.cause)}` : ''
}
