import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type Ran, runMain } from '../support/command-line.ts'
import { type TenantApp, tenantApp, tenantsDatabase } from '../support/tenancy-app.ts'
import { tokenOf } from '../support/tokens.ts'

const database = await tenantsDatabase(t)
const folder = t.testdir({})
const env = { TENANT_MODE: 'multi', DATABASE_URL: database.appUrl, OWNER_DATABASE_URL: database.ownerUrl }

const serve = async (options: Parameters<typeof tenantApp>[2] = {}): Promise<TenantApp> => await tenantApp(t, database, options, (app) => {
  app.get('/deals/:id', async () => await app.sql`select title from deals`)
  app.get('/transaction', { config: { tenancy: { transaction: true } } }, async () => await app.sql`select title from deals_of_nobody`)
  app.get('/steal', async () => await app.sql`insert into deals (tenant_id, id, title) values ('globex', '9', 'stolen')`)
  app.get('/own', async () => { throw Object.assign(new Error('the application\'s own'), { statusCode: 409 }) })
  app.get('/text', { config: { tenancy: false }, errorHandler: (_error, _request, reply) => reply.type('text/plain').send('plain') }, async () => await app.sql`select 1`)
})

interface Answer {
  readonly status: number
  readonly header: string | undefined
  readonly body: string
  readonly errorId: unknown
}

async function ask ({ app }: TenantApp, url: string, authorization?: string): Promise<Answer> {
  const { statusCode, headers, body } = await app.inject({ url, ...(authorization === undefined ? {} : { headers: { authorization } }) })
  const header = headers['x-tenancy-error-id']
  return { status: statusCode, header: header === undefined ? undefined : String(header), body, errorId: body.startsWith('{') ? JSON.parse(body).errorId : undefined }
}

/** Writes what the application logged into a file, with other lines around it and a collector's words in front. */
function logOf ({ lines }: TenantApp): string {
  const file = join(folder, 'service.log')
  writeFileSync(file, ['no JSON', ...lines.map((line) => `2026-01-01T00:00:00Z stdout F ${JSON.stringify(line)}`), ''].join('\n'))
  return file
}

const why = async (id: unknown, ...argv: readonly string[]): Promise<Ran> => await runMain(['why', String(id), ...argv, '--json'], { cwd: folder, env })

t.test('a request that is refused', async (t) => {
  const served = await serve()

  t.test('has an id in its body, its header and the log, which says nothing to the client', async (t) => {
    const refused = [
      await ask(served, '/deals/1'), await ask(served, '/deals/1', 'Bearer nonsense'), await ask(served, '/deals/1', tokenOf('acme', { tenant_id: undefined })),
      await ask(served, '/deals/1', tokenOf('hooli')), await ask(served, '/deals/1', tokenOf('sleepy')), await ask(served, '/transaction', tokenOf('acme')), await ask(served, '/steal', tokenOf('acme'))
    ]
    t.same(refused.map(({ status }) => status), [401, 401, 403, 403, 403, 500, 500])
    for (const { header, errorId, body } of refused) {
      t.match(header, /^[0-9a-f]{16}$/)
      t.equal(errorId, header)
      t.notMatch(body, /hooli|sleepy|tenant_acme|zakops_tenancy/)
      t.equal(served.lines.filter((line) => line['errorId'] === header).length, 1)
    }
    t.equal(new Set(refused.map(({ header }) => header)).size, refused.length, 'each has its own')
    t.same(served.lines.filter((line) => line['errorId'] !== undefined).map((line) => line['level']), [30, 30, 40, 40, 40, 40, 40], 'strangers are everyday')
  })

  t.test('has the header alone where the answer is no JSON', async (t) => {
    const { header, body } = await ask(served, '/text')
    t.match(header, /^[0-9a-f]{16}$/)
    t.equal(body, 'plain')
  })

  t.test('is told from one that is served, not found, or refused by the application', async (t) => {
    for (const [url, status] of [['/deals/1', 200], ['/nowhere', 404], ['/own', 409]] as const) {
      const answer = await ask(served, url, tokenOf('acme'))
      t.match(answer, { status, header: undefined })
      t.notMatch(answer.body, /errorId/)
    }
  })
})

t.test('zakops-tenancy why', async (t) => {
  const served = await serve({ agree: { header: 'x-tenant-id' } })
  const refuse = async (url: string, authorization?: string): Promise<string> => String((await ask(served, url, authorization)).header)

  t.test('tells claim, route, registry, path and role, how it is now, and what to do next', async (t) => {
    const id = await refuse('/deals/1', tokenOf('sleepy'))
    const { code, json } = await why(id, '--log', logOf(served))
    t.equal(code, 0)
    t.match(json, {
      errorId: id,
      then: { route: '/deals/:id', reason: 'FST_TENANCY_TENANT_INACTIVE', claim: 'tenant_id', claimed: 'sleepy', role: new URL(database.appUrl).username, registry: { id: 'sleepy', status: 'suspended', isolation: 'schema+rls' }, path: '"tenant_sleepy", "extensions", pg_temp' },
      now: { registry: /^suspended, schema\+rls, on default/, place: 'reached', schema: 'tenant_sleepy: there', migration: /001-deals\.sql/ },
      next: /"zakops-tenancy resume sleepy"/
    })
  })

  t.test('says what to do for each reason', async (t) => {
    const rows: ReadonlyArray<readonly [string, RegExp]> = [
      [await refuse('/deals/1'), /no token/],
      [await refuse('/deals/1', tokenOf('acme', { exp: 1 })), /expired|refused/],
      [await refuse('/deals/1', tokenOf('acme', { tenant_id: undefined })), /no claim "tenant_id"/],
      [await refuse('/deals/1', tokenOf('a b')), /not one tenant id/],
      [await refuse('/deals/1', tokenOf('hooli')), /zakops-tenancy create hooli/],
      [await refuse('/transaction', tokenOf('acme')), /migration is missing|schema stands in front/],
      [await refuse('/steal', tokenOf('acme')), /row of another tenant/],
      [await refuse('/text'), /request\.tenancy\.run/]
    ]
    for (const [id, next] of rows) t.match((await why(id, '--log', logOf(served))).json, { next })
  })

  t.test('looks at the present: what was repaired in the meantime is no problem', async (t) => {
    const id = await refuse('/deals/1', tokenOf('sleepy'))
    await database.admin`update zakops_tenancy.tenants set status = 'active' where id = 'sleepy'`
    t.match((await why(id, '--log', logOf(served))).json, { now: { registry: /^active/ }, next: /try again/ })
    await database.admin.unsafe('alter schema tenant_sleepy rename to tenant_lost')
    t.match((await why(id, '--log', logOf(served))).json, { now: { schema: 'tenant_sleepy: missing' }, next: /zakops-tenancy create sleepy/ })
    await database.admin.unsafe('alter schema tenant_lost rename to tenant_sleepy')
    const { json } = await runMain(['why', id, '--log', logOf(served), '--json'], { cwd: folder, env: { ...env, TENANT_MIN_MIGRATION: '7' } })
    t.match(json, { now: { migration: /which it lacks/ }, next: /zakops-tenancy migrate --tenant sleepy/ })
    await database.admin`update zakops_tenancy.tenants set status = 'suspended' where id = 'sleepy'`
  })

  t.test('reads standard input, and says what the log says where no database answers', async (t) => {
    const id = await refuse('/deals/1', tokenOf('hooli'))
    const log = served.lines.map((line) => `${JSON.stringify({ log: `${JSON.stringify(line)}\n`, stream: 'stdout' })}\n`).join('')
    const ran = await runMain(['why', id, '--log', '-'], { cwd: folder, env: { ...env, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' }, typed: log })
    t.equal(ran.code, 0)
    t.match(ran.out, /hooli[^]*not asked/)
  })

  t.test('knows no other ids, and says where it looked', async (t) => {
    t.match(await why('0123456789abcdef', '--log', logOf(served)), { code: 1, out: /no line of the log has it/ })
    t.match(await why('0123456789abcdef'), { code: 1, out: /TENANT_REFUSALS=table/ })
    t.match(await why('0123456789abcdef', '--log', 'nowhere.log'), { code: 1 })
    t.match(await why('acme'), { code: 2 })
  })
})

t.test('the table of refusals', async (t) => {
  const count = async (): Promise<number> => Number((await database.admin`select count(*)::int as count from zakops_tenancy.refusals`)[0]?.['count'])

  t.test('has what was refused once the service closed, if it is asked for', async (t) => {
    t.equal(await count(), 0, 'a log needs no table')
    const served = await serve({ refusals: 'table' })
    const { header } = await ask(served, '/deals/1', tokenOf('sleepy'))
    await served.app.close()
    const { code, json } = await why(header)
    t.equal(code, 0)
    t.match(json, { then: { reason: 'FST_TENANCY_TENANT_INACTIVE', claimed: 'sleepy', route: 'GET /deals/:id' }, next: /resume sleepy/ })
  })

  t.test('takes one write for a flood of strangers, and no more than it should', async (t) => {
    const before = await count()
    const served = await serve({ refusals: 'table' })
    await Promise.all(Array.from({ length: 300 }, async () => await ask(served, '/deals/1')))
    const { header } = await ask(served, '/deals/1', tokenOf('hooli'))
    await served.app.close()
    t.ok(await count() - before < 300)
    t.match((await why(header)).json, { then: { claimed: 'hooli' } }, 'whoever has a token is not crowded out')
    t.match(served.lines.filter((line) => /more requests were refused/.test(String(line['msg'])))[0], { left: /[1-9]/ })
  })

  t.test('takes only short new records of the application\'s role, and keeps the newest', async (t) => {
    const served = await serve()
    const asApp = async (text: string): Promise<unknown> => await served.app.tenancy.runWithTenant('acme', async () => await served.app.sql.unsafe(text))
    await t.rejects(asApp('select * from zakops_tenancy.refusals'), { code: '42501' })
    await t.rejects(asApp('delete from zakops_tenancy.refusals'), { code: '42501' })
    await t.rejects(asApp("insert into zakops_tenancy.refusals (id, is_stranger, record, at) values ('0000000000000001', true, '{}', now() + interval '1 year')"), { code: '42501' })
    await t.rejects(asApp("insert into zakops_tenancy.refusals (id, is_stranger, record) values ('x', true, '{}')"), { code: '23514' })
    await t.rejects(asApp("insert into zakops_tenancy.refusals (id, is_stranger, record) values ('0000000000000001', true, to_jsonb(repeat('x', 9000)))"), { code: '23514' })
    await database.admin`alter table zakops_tenancy.refusals disable trigger refusals_pruned`
    await database.admin`insert into zakops_tenancy.refusals (id, at, is_stranger, record) select lpad(n::text, 16, '0'), now() - n * interval '1 second', n % 2 = 0, '{}' from generate_series(1, 20500) n`
    await database.admin`alter table zakops_tenancy.refusals enable trigger refusals_pruned`
    await asApp("insert into zakops_tenancy.refusals (id, is_stranger, record) values ('ffffffffffffffff', true, '{}')")
    const [kept] = await database.admin`select count(*) filter (where is_stranger)::int as strangers, count(*) filter (where not is_stranger)::int as others from zakops_tenancy.refusals`
    t.same(kept, { strangers: 10_000, others: 10_000 })
  })
})
