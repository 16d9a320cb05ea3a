import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import t from 'tap'
import { codeOf, tenantApp, tenantsDatabase, whose } from '../support/tenancy-app.ts'
import { tokenOf } from '../support/tokens.ts'

const database = await tenantsDatabase(t)
const TRANSACTION = { config: { tenancy: { transaction: true } } } as const

/** The deals of acme as the superuser sees them: what was really committed. */
async function committed (id: string): Promise<boolean> {
  const rows = await database.admin`select 1 from tenant_acme.deals where id = ${id}`
  return rows.length > 0
}

const insert = (app: FastifyInstance, id: string) => app.sql`insert into deals (id, title) values (${id}, 'new')`

async function post (app: FastifyInstance, url: string): Promise<readonly [number, string]> {
  const reply = await app.inject({ method: 'POST', url, headers: { authorization: tokenOf('acme') } })
  return [reply.statusCode, reply.body]
}

/** Waits until no lane is held: nothing was left open. */
async function allFree (app: FastifyInstance): Promise<boolean> {
  for (let i = 0; i < 100; i++) {
    if ((await app.tenancy.stats()).lanes.held === 0) return true
    await sleep(20)
  }
  return false
}

t.test('{ transaction: true }', async (t) => {
  const late: string[] = []
  const { app, port } = await tenantApp(t, database, {}, (app) => {
    app.addHook('onSend', async (request, reply) => {
      reply.header('x-committed', String(await committed(request.url.slice(1))))
      reply.header('x-whose', await whose(app))
    })
    app.post('/returned', TRANSACTION, async () => {
      await insert(app, 'returned')
      return { seen: await committed('returned') }
    })
    app.post('/sent', TRANSACTION, async (_request, reply) => {
      await insert(app, 'sent')
      reply.send({ ok: true })
      return reply
    })
    app.post('/sent-only', TRANSACTION, async (_request, reply) => {
      await insert(app, 'sent-only')
      await reply.send({ ok: true })
    })
    app.post('/callback', TRANSACTION, (_request: FastifyRequest, reply: FastifyReply) => {
      insert(app, 'callback').then(() => reply.send({ ok: true }), (error) => reply.send(error))
    })
    app.post('/empty', TRANSACTION, async () => { await insert(app, 'empty') })
    app.post('/declined', TRANSACTION, async (_request, reply) => {
      await insert(app, 'declined')
      reply.code(409)
      return { ok: false }
    })
    app.post('/late', TRANSACTION, async () => {
      await insert(app, 'late')
      setTimeout(() => { insert(app, 'too late').then(() => late.push('sent'), (error) => late.push(codeOf(error))) }, 50)
      return { ok: true }
    })
    app.post('/thrown', TRANSACTION, async () => {
      await insert(app, 'thrown')
      throw new Error('changed my mind')
    })
    app.post('/error-sent', TRANSACTION, async (_request, reply) => {
      await insert(app, 'error-sent')
      reply.send(new Error('changed my mind'))
      return reply
    })
    app.post('/unserialisable', TRANSACTION, async () => {
      await insert(app, 'unserialisable')
      return { n: 1n }
    })
    app.post('/swallowed', TRANSACTION, async () => {
      await insert(app, 'swallowed')
      await insert(app, '1').catch(() => {})
      return { ok: true }
    })
    app.post('/deferred', TRANSACTION, async () => {
      await insert(app, 'deferred')
      await app.sql`insert into approvals (id, deal_id) values ('1', 'no such deal')`
      return { ok: true }
    })
    app.post('/hijacked', TRANSACTION, async (_request, reply) => {
      await insert(app, 'hijacked')
      reply.hijack()
      reply.raw.end('bye')
    })
    app.post('/slow', TRANSACTION, async () => {
      await insert(app, 'slow')
      await sleep(300)
      return { ok: true }
    })
    app.post('/own', TRANSACTION, async (request) => {
      const ids = async () => String((await app.sql`select pg_current_xact_id()::text as id`)[0]?.['id'])
      const first = await ids()
      const same = [await ids(), await request.tenancy.run(ids), await request.tenancy.bind(ids)(), await app.tenancy.runWithTenant('acme', ids)]
      return { same: same.map((id) => id === first) }
    })
    app.post('/plain', async () => {
      const ids = async () => String((await app.sql`select pg_current_xact_id()::text as id`)[0]?.['id'])
      const first = await ids()
      return { same: first === await ids() }
    })
    app.setErrorHandler(async (error, request, reply) => {
      reply.code(500).header('x-error-handler', await whose(app))
      return { error: codeOf(error), tenant: request.tenant?.id }
    })
  })
  const headersOf = async (url: string) => (await app.inject({ method: 'POST', url, headers: { authorization: tokenOf('acme') } })).headers

  t.test('is one transaction, for whatever way of writing', async (t) => {
    t.same(JSON.parse((await post(app, '/own'))[1]), { same: [true, true, true, true] })
    t.same(JSON.parse((await post(app, '/plain'))[1]), { same: false }, 'a plain route is not')
  })

  t.test('is committed before the reply is sent, and not before the handler is done', async (t) => {
    const reply = await app.inject({ method: 'POST', url: '/returned', headers: { authorization: tokenOf('acme') } })
    t.same(reply.json(), { seen: false })
    t.match(reply.headers, { 'x-committed': 'true', 'x-whose': 'acme' })
  })

  t.test('is committed however the handler replies', async (t) => {
    for (const url of ['/sent', '/sent-only', '/callback', '/empty']) t.match(await headersOf(url), { 'x-committed': 'true', 'x-whose': 'acme' }, url)
    t.match(await post(app, '/declined'), [409])
    t.ok(await committed('declined'), 'a payload is a success, whatever its status code')
  })

  t.test('is over for code that outlives it (A-07)', async (t) => {
    t.match(await post(app, '/late'), [200])
    for (let i = 0; i < 200 && late.length === 0; i++) await sleep(10)
    t.same(late, ['FST_TENANCY_TRANSACTION_ENDED'])
    t.ok(await committed('late'))
    t.notOk(await committed('too late'))
  })

  t.test('is rolled back on every error, and the error handler is outside of it', async (t) => {
    const rows = [['/thrown', 'changed my mind'], ['/error-sent', 'changed my mind'], ['/unserialisable', 'BigInt'], ['/swallowed', '23505'], ['/deferred', '23503']] as const
    for (const [url, error] of rows) {
      const reply = await app.inject({ method: 'POST', url, headers: { authorization: tokenOf('acme') } })
      t.equal(reply.statusCode, 500, url)
      t.match(reply.json(), { error: new RegExp(error), tenant: 'acme' }, url)
      t.match(reply.headers, { 'x-committed': 'false', 'x-whose': 'acme', 'x-error-handler': 'acme' }, url)
    }
  })

  t.test('is rolled back where Fastify never sends the reply', async (t) => {
    const request = (path: string) => new Promise<string>((resolve) => {
      const call = http.request({ port, host: '127.0.0.1', method: 'POST', path, headers: { authorization: tokenOf('acme') } }, (reply) => { reply.resume().on('end', () => resolve('replied')) })
      call.on('error', () => resolve('gone')).end()
      if (path === '/slow') setTimeout(() => call.destroy(), 100)
    })
    t.equal(await request('/hijacked'), 'replied')
    t.equal(await request('/slow'), 'gone')
    await sleep(400)
    t.notOk(await committed('hijacked') || await committed('slow'))
    t.ok(await allFree(app), 'no lane is left')
  })
})

t.test('{ readOnly: true }', async (t) => {
  const { app } = await tenantApp(t, database, {}, (app) => {
    app.post('/read', { config: { tenancy: { readOnly: true } } }, async () => await app.sql`select title from deals where id = '1'`)
    app.post('/write', { config: { tenancy: { transaction: true, readOnly: true } } }, async () => await insert(app, 'read-only'))
    app.post('/write-swallowed', { config: { tenancy: { readOnly: true } } }, async () => {
      await insert(app, 'read-only').catch(() => {})
      return { ok: true }
    })
  })

  t.test('reads, and changes nothing', async (t) => {
    t.same(await post(app, '/read'), [200, '[{"title":"acme"}]'])
    for (const url of ['/write', '/write-swallowed']) t.match(await post(app, url), [500, /25006/], url)
    t.notOk(await committed('read-only'))
  })
})

t.test('concurrent transactions', async (t) => {
  t.test('keep to their tenants, more of them than lanes', async (t) => {
    const { app, url } = await tenantApp(t, database, { lanes: { max: 3 } }, (app) => {
      app.post('/', TRANSACTION, async (request) => {
        const before = await whose(app)
        await sleep(Math.random() * 5)
        if (Math.random() < 0.3) throw new Error('rolled back')
        return { seen: [before, await whose(app), request.tenant?.id] }
      })
    })
    const calls = Array.from({ length: 60 }, async (_, i) => {
      const tenant = i % 2 === 0 ? 'acme' : 'globex'
      const reply = await fetch(url, { method: 'POST', headers: { authorization: tokenOf(tenant) } })
      const body: unknown = await reply.json()
      return reply.status === 500 ? 'rolled back' : JSON.stringify(body) === JSON.stringify({ seen: [tenant, tenant, tenant] }) ? 'right' : JSON.stringify(body)
    })
    const outcomes = new Set(await Promise.all(calls))
    t.same([...outcomes].sort(), ['right', 'rolled back'])
    t.ok(await allFree(app))
  })
})

t.test('a handler that sends without returning the reply, so that Fastify sends again', async (t) => {
  const { app, url } = await tenantApp(t, database, {}, (app) => {
    app.post('/twice', TRANSACTION, async (_request, reply) => {
      await insert(app, 'twice')
      reply.code(201).send({ first: true })
    })
    app.post('/two-payloads', TRANSACTION, async (_request, reply) => {
      reply.send({ first: true })
      await insert(app, 'two-payloads')
      return { second: true }
    })
    app.post('/sent-error', TRANSACTION, async (_request, reply) => {
      await insert(app, 'sent-error')
      reply.send(new Error('sent'))
    })
    app.post('/not-found', TRANSACTION, async (_request, reply) => {
      await insert(app, 'not-found')
      reply.callNotFound()
    })
    app.post('/deferred', TRANSACTION, async (_request, reply) => {
      await app.sql`insert into approvals (id, deal_id) values ('deferred', 'no such deal')`
      reply.send({ ok: true })
    })
    app.post('/then-throws', TRANSACTION, async (_request, reply) => {
      await insert(app, 'then-throws')
      reply.send({ ok: true })
      throw new Error('too late')
    })
    app.get('/alive', { config: { tenancy: false } }, async () => ({ alive: true }))
  })
  const call = async (path: string): Promise<readonly [number, string]> => {
    const reply = await fetch(url + path, { method: 'POST', headers: { authorization: tokenOf('acme') } })
    return [reply.status, await reply.text()]
  }

  t.test('answers once, after the commit', async (t) => {
    t.same(await call('/twice'), [201, '{"first":true}'])
    t.ok(await committed('twice'))
  })

  t.test('is told of a commit that failed', async (t) => {
    const [status] = await call('/deferred')
    t.equal(status, 500)
    t.same(await database.admin`select 1 from tenant_acme.approvals where id = 'deferred'`, [])
  })

  t.test('never ends the process, nor holds a lane, nor says one thing and does another', async (t) => {
    for (const path of ['/two-payloads', '/sent-error', '/not-found', '/then-throws']) {
      const [status, body] = await call(path)
      const isKept = await committed(path.slice(1))
      t.equal(status < 400, isKept && status < 400, `${path} ${status} ${body} ${isKept}`)
      if (status >= 500) t.notOk(isKept, `${path} answers ${status}`)
    }
    t.ok(await allFree(app))
    t.same(await (await fetch(`${url}/alive`)).json(), { alive: true })
  })
})
