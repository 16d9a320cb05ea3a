import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import t from 'tap'
import { zakopsTenancy } from '../../lib/faces/plugin/index.ts'
import { codeOf, tenantApp, tenantsDatabase, whose } from '../support/tenancy-app.ts'
import { TEST_SECRET, tokenOf } from '../support/tokens.ts'

const database = await tenantsDatabase(t)
const BAD = 'Bearer x.y.z'

async function ask (app: FastifyInstance, url: string, authorization?: string, headers: Record<string, string> = {}): Promise<readonly [number, unknown]> {
  const reply = await app.inject({ method: 'GET', url, headers: authorization === undefined ? headers : { ...headers, authorization } })
  const body = reply.json()
  return [reply.statusCode, body.code ?? body.whose]
}

t.test('route config', async (t) => {
  const { app } = await tenantApp(t, database, {}, (app) => {
    const handler = async (request: FastifyRequest) => ({ whose: `${request.tenant?.id ?? 'nobody'} ${await whose(app)}` })
    app.get('/default', handler)
    app.get('/required', { config: { tenancy: true } }, handler)
    app.get('/optional', { config: { tenancy: 'optional' } }, handler)
    app.get('/none', { config: { tenancy: false } }, handler)
    app.options('/default', handler)
    app.setNotFoundHandler(async (request, reply) => {
      reply.code(404)
      return await handler(request)
    })
  })
  const nobody = 'nobody FST_TENANCY_CONTEXT_MISSING'

  t.test('true, the default, needs a tenant', async (t) => {
    for (const url of ['/default', '/required']) {
      t.same(await ask(app, url, tokenOf('acme')), [200, 'acme acme'])
      t.same(await ask(app, url, tokenOf('globex')), [200, 'globex globex'])
      t.same(await ask(app, url), [401, 'FST_TENANCY_TOKEN_MISSING'])
      t.same(await ask(app, url, BAD), [401, 'FST_TENANCY_TOKEN_INVALID'])
    }
  })

  t.test('"optional" serves nobody without a token, and refuses a bad one', async (t) => {
    t.same(await ask(app, '/optional', tokenOf('acme')), [200, 'acme acme'])
    t.same(await ask(app, '/optional'), [200, nobody])
    t.same(await ask(app, '/optional', BAD), [401, 'FST_TENANCY_TOKEN_INVALID'])
    t.same(await ask(app, '/optional', tokenOf('sleepy')), [403, 'FST_TENANCY_TENANT_DENIED'])
  })

  t.test('false does not look at the token', async (t) => {
    for (const authorization of [undefined, BAD, tokenOf('acme')]) t.same(await ask(app, '/none', authorization), [200, nobody])
  })

  t.test('what is not found has a tenant if the token is good, and is 404 in any case', async (t) => {
    t.same(await ask(app, '/missing', tokenOf('acme')), [404, 'acme acme'])
    for (const authorization of [undefined, BAD, tokenOf('nobody'), tokenOf('sleepy')]) t.same(await ask(app, '/missing', authorization), [404, nobody])
  })

  t.test('HEAD and OPTIONS are routes like any other', async (t) => {
    for (const method of ['HEAD', 'OPTIONS'] as const) {
      t.equal((await app.inject({ method, url: '/default' })).statusCode, 401)
      t.equal((await app.inject({ method, url: '/default', headers: { authorization: tokenOf('acme') } })).statusCode, 200)
    }
  })

  t.test('a value that it does not know is an error when the route is written', async (t) => {
    const other = Fastify()
    t.teardown(() => other.close())
    await other.register(zakopsTenancy, { mode: 'multi', database: database.appUrl, jwt: { secret: TEST_SECRET } })
    for (const tenancy of ['none', null, 0, { transactions: true }]) {
      const config = {}
      Reflect.set(config, 'tenancy', tenancy)
      t.throws(() => other.get(`/${String(tenancy)}`, { config }, async () => 1), { code: 'FST_TENANCY_OPTIONS_INVALID' }, JSON.stringify(tenancy))
    }
  })
})

t.test('encapsulation', async (t) => {
  t.test('a route written before an un-awaited register has its tenant, transaction and checks', async (t) => {
    const app = Fastify()
    t.teardown(() => app.close())
    app.register(zakopsTenancy, { mode: 'multi', database: database.appUrl, jwt: { secret: TEST_SECRET } })
    const twice = async () => {
      const [first] = await app.sql`select pg_current_xact_id()::text as id`
      const [second] = await app.sql`select pg_current_xact_id()::text as id`
      return { whose: `${await whose(app)} ${first?.['id'] === second?.['id'] ? 'one' : 'two'}` }
    }
    app.get('/', twice)
    app.get('/transaction', { config: { tenancy: { transaction: true } } }, twice)
    const config = {}
    Reflect.set(config, 'tenancy', 'none')
    app.get('/wrong', { config }, twice)
    t.same(await ask(app, '/', tokenOf('acme')), [200, 'acme two'])
    t.same(await ask(app, '/transaction', tokenOf('acme')), [200, 'acme one'])
    t.same(await ask(app, '/'), [401, 'FST_TENANCY_TOKEN_MISSING'])
    t.same(await ask(app, '/wrong', tokenOf('acme')), [500, 'FST_TENANCY_OPTIONS_INVALID'])
  })

  t.test('an instance that was registered before has its tenant too', async (t) => {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(async (child) => { child.get('/before', async (request) => ({ whose: `${request.tenant?.id} ${await whose(app)}` })) })
    await app.register(zakopsTenancy, { mode: 'multi', database: database.appUrl, jwt: { secret: TEST_SECRET } })
    t.same(await ask(app, '/before', tokenOf('acme')), [200, 'acme acme'])
    t.same(await ask(app, '/before'), [401, 'FST_TENANCY_TOKEN_MISSING'])
  })

  t.test('inside a plugin it serves that plugin alone: its client throws elsewhere (A-10)', async (t) => {
    const app = Fastify()
    t.teardown(() => app.close())
    const inside: FastifyInstance[] = []
    await app.register(async (child) => {
      await child.register(zakopsTenancy, { mode: 'multi', database: database.appUrl, jwt: { secret: TEST_SECRET } })
      child.get('/inside', async () => ({ whose: await whose(child) }))
      inside.push(child)
    })
    app.get('/outside', async () => ({ whose: `${app.hasDecorator('sql')} ${await Promise.all(inside.map(whose))}` }))
    t.same(await ask(app, '/inside', tokenOf('globex')), [200, 'globex'])
    t.same(await ask(app, '/outside', tokenOf('globex')), [200, 'false FST_TENANCY_CONTEXT_MISSING'])
  })
})

t.test('agreement', async (t) => {
  const options = { agree: { header: 'x-tenant-id', host: '{tenant}.example.com', param: 'tenantId' } }
  const { app } = await tenantApp(t, database, options, (app) => {
    app.get('/deals', async () => ({ whose: await whose(app) }))
    app.get('/:tenantId/deals', async () => ({ whose: await whose(app) }))
    app.get('/optional', { config: { tenancy: 'optional' } }, async () => ({ whose: await whose(app) }))
  })
  const host = 'acme.example.com'
  const mismatch = [403, 'FST_TENANCY_TENANT_MISMATCH']

  t.test('serves where header, host and parameter say what the claim says, or nothing', async (t) => {
    t.same(await ask(app, '/deals', tokenOf('acme'), { host }), [200, 'acme'])
    t.same(await ask(app, '/acme/deals', tokenOf('acme'), { host: 'ACME.example.com:8080', 'x-tenant-id': 'acme' }), [200, 'acme'])
  })

  t.test('is 403 where one of them says another', async (t) => {
    t.same(await ask(app, '/deals', tokenOf('acme'), { host, 'x-tenant-id': 'globex' }), mismatch)
    t.same(await ask(app, '/deals', tokenOf('acme'), { host: 'globex.example.com' }), mismatch)
    t.same(await ask(app, '/globex/deals', tokenOf('acme'), { host }), mismatch)
    t.same(await ask(app, '/globex/deals', tokenOf('acme'), { host: 'globex.example.com', 'x-tenant-id': 'globex' }), mismatch)
  })

  t.test('never chooses: without a token there is no tenant', async (t) => {
    t.same(await ask(app, '/acme/deals', undefined, { host, 'x-tenant-id': 'acme' }), [401, 'FST_TENANCY_TOKEN_MISSING'])
    t.same(await ask(app, '/optional', undefined, { host, 'x-tenant-id': 'acme' }), [200, 'FST_TENANCY_CONTEXT_MISSING'])
  })

  t.test('is off unless it is configured: the header changes nothing', async (t) => {
    const other = await tenantApp(t, database, {}, (app) => app.get('/', async () => ({ whose: await whose(app) })))
    t.same(await ask(other.app, '/', tokenOf('acme'), { host: 'globex.example.com', 'x-tenant-id': 'globex' }), [200, 'acme'])
  })
})

t.test('the registry', async (t) => {
  t.test('stops a suspended tenant at its next request, and serves it again', async (t) => {
    const options = { ownerDatabase: database.ownerUrl, migrations: database.migrations }
    const { app } = await tenantApp(t, database, options, (app) => app.get('/', async () => ({ whose: await whose(app) })))
    t.same(await ask(app, '/', tokenOf('globex')), [200, 'globex'])
    await app.tenancy.registry.setStatus('globex', 'suspended')
    t.same(await ask(app, '/', tokenOf('globex')), [403, 'FST_TENANCY_TENANT_DENIED'])
    t.same(await ask(app, '/', tokenOf('acme')), [200, 'acme'])
    await app.tenancy.registry.setStatus('globex', 'active')
    t.same(await ask(app, '/', tokenOf('globex')), [200, 'globex'])
  })
})

t.test('decorators', async (t) => {
  t.test('are refused where the names are taken, before anything is opened', async (t) => {
    const register = async (prepare: (app: FastifyInstance) => unknown) => {
      const app = Fastify()
      t.teardown(() => app.close())
      await prepare(app)
      await app.register(zakopsTenancy, { mode: 'single', database: database.appUrl })
    }
    const refused = (name: RegExp) => ({ code: 'FST_TENANCY_OPTIONS_INVALID', message: name })
    await t.rejects(register((app) => app.decorate<unknown>('sql', 1)), refused(/app\.sql is decorated already/))
    await t.rejects(register((app) => app.decorateRequest<unknown>('tenant', null)), refused(/request\.tenant is decorated already/))
    await t.rejects(register((app) => app.register(zakopsTenancy, { mode: 'single', database: database.appUrl })), refused(/app\.sql[^]*app\.tenancy[^]*request\.tenant/))
  })

  t.test('are there, and closed with the application', async (t) => {
    const app = Fastify()
    await app.register(zakopsTenancy, { mode: 'single', tenantId: 'acme', database: database.appUrl })
    t.ok(app.hasPlugin('zakops-tenancy'))
    t.equal(app.tenancy.sql, app.sql)
    const read = () => app.tenancy.runWithTenant('acme', async () => await app.sql`select title from deals`)
    t.match(await read(), [{ title: 'acme' }])
    await app.close()
    t.equal(await read().then(() => 'sent', codeOf), 'FST_TENANCY_CLOSED')
  })
})
