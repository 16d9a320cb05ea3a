import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import { zakopsTenancy } from '../../lib/faces/plugin/index.ts'
import { testDatabase } from '../support/database.ts'
import { tenantApp, tenantsDatabase, whose } from '../support/tenancy-app.ts'
import { TEST_SECRET, tokenOf } from '../support/tokens.ts'

const database = await tenantsDatabase(t)
const BAD = 'Bearer x.y.z'

function routes (app: FastifyInstance): void {
  app.get('/', async (request) => ({ tenant: request.tenant?.id ?? null, whose: await whose(app) }))
  app.get('/optional', { config: { tenancy: 'optional' } }, async (request) => ({ tenant: request.tenant?.id ?? null, whose: await whose(app) }))
  app.get('/none', { config: { tenancy: false } }, async (request) => ({ tenant: request.tenant?.id ?? null, whose: await whose(app) }))
  app.get('/transaction', { config: { tenancy: { transaction: true } } }, async (request) => ({ tenant: request.tenant?.id ?? null, whose: await whose(app) }))
}

async function ask (app: FastifyInstance, url: string, headers: Record<string, string> = {}): Promise<readonly [number, unknown, unknown]> {
  const reply = await app.inject({ method: 'GET', url, headers })
  const body = reply.json()
  return [reply.statusCode, body.tenant, body.code ?? body.whose]
}

t.test('single mode', async (t) => {
  t.test('serves the fixed tenant without a token, whatever the client says', async (t) => {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(zakopsTenancy, { mode: 'single', tenantId: 'acme', database: database.appUrl, agree: { header: 'x-tenant-id' } })
    routes(app)
    for (const headers of [{}, { 'x-tenant-id': 'globex' }, { authorization: tokenOf('globex') }, { authorization: BAD }]) {
      for (const url of ['/', '/optional', '/transaction']) t.same(await ask(app, url, headers), [200, 'acme', 'acme'], `${url} ${Object.keys(headers)}`)
      t.same(await ask(app, '/none', headers), [200, null, 'FST_TENANCY_CONTEXT_MISSING'])
    }
    t.notOk(app.hasDecorator('jwt'))
  })

  t.test('registers @fastify/jwt where its options are given, and asks for no token all the same', async (t) => {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(zakopsTenancy, { mode: 'single', tenantId: 'acme', database: database.appUrl, jwt: { secret: TEST_SECRET } })
    routes(app)
    t.ok(app.hasDecorator('jwt'))
    t.same(await ask(app, '/'), [200, 'acme', 'acme'])
  })

  t.test('is the mode of an application that says nothing', async (t) => {
    const app = Fastify()
    t.teardown(() => app.close())
    const { appUrl } = await testDatabase(t)
    await app.register(zakopsTenancy, { database: appUrl })
    t.equal(await app.tenancy.runWithTenant('default', () => 'default'), 'default')
    await t.rejects(app.tenancy.runWithTenant('acme', () => 'acme'), { code: 'FST_TENANCY_TENANT_DENIED' })
  })
})

t.test('observe mode', async (t) => {
  t.test('warns at the start, in the log of Fastify', async (t) => {
    const { lines } = await tenantApp(t, database, { enforce: false }, routes)
    t.ok(lines.some((line) => line['level'] === 40 && /ENFORCE_TENANT_ISOLATION is false/.test(String(line['msg']))))
    const enforcing = await tenantApp(t, database, {}, routes)
    t.notOk(enforcing.lines.some((line) => /ENFORCE_TENANT_ISOLATION/.test(String(line['msg']))))
  })

  t.test('lets through without a tenant where none can be trusted', async (t) => {
    const { app, lines } = await tenantApp(t, database, { enforce: false }, (app) => {
      app.get('/', async (request) => ({ tenant: request.tenant?.id ?? null, whose: 'not asked' }))
    })
    const rows = [
      [{}, 'FST_TENANCY_TOKEN_MISSING'], [{ authorization: BAD }, 'FST_JWT_AUTHORIZATION_TOKEN_INVALID'], [{ authorization: tokenOf('acme', { tenant_id: undefined }) }, 'FST_TENANCY_CLAIM_MISSING'],
      [{ authorization: tokenOf('a b') }, 'FST_TENANCY_CLAIM_INVALID'], [{ authorization: tokenOf('nobody') }, 'FST_TENANCY_TENANT_UNKNOWN']
    ] as const
    for (const [headers] of rows) t.same(await ask(app, '/', { ...headers }), [200, null, 'not asked'])
    const observed = lines.filter((line) => /^observed:/.test(String(line['msg']))).map((line) => [line['level'], line['route'], line['reason']])
    t.same(observed, rows.map(([, reason]) => [40, '/', reason]))
    t.equal((await app.tenancy.stats()).observed, rows.length)
  })

  t.test('serves the tenant of the claim where another is named or it is suspended', async (t) => {
    const { app } = await tenantApp(t, database, { enforce: false, agree: { header: 'x-tenant-id' } }, routes)
    t.same(await ask(app, '/', { authorization: tokenOf('acme'), 'x-tenant-id': 'globex' }), [200, 'acme', 'acme'])
    t.equal((await app.tenancy.stats()).observed, 1)
    t.match(await ask(app, '/', { authorization: tokenOf('sleepy') }), [200, 'sleepy'])
    t.equal((await app.tenancy.stats()).observed, 2)
    t.same(await ask(app, '/', { authorization: tokenOf('globex') }), [200, 'globex', 'globex'])
    t.equal((await app.tenancy.stats()).observed, 2, 'a good request counts for nothing')
  })

  t.test('never shows a tenant to nobody: the database allows it no more', async (t) => {
    const { app } = await tenantApp(t, database, { enforce: false }, routes)
    for (const url of ['/', '/optional', '/none', '/transaction']) {
      const [status, tenant, seen] = await ask(app, url)
      t.same([status, tenant], [200, null])
      t.notMatch(String(seen), /acme|globex/, url)
    }
  })
})
