import http from 'node:http'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import multipart from '@fastify/multipart'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import t from 'tap'
import { TENANTS, tenantApp, tenantsDatabase, whose } from '../support/tenancy-app.ts'
import { tokenOf } from '../support/tokens.ts'

const database = await tenantsDatabase(t)
const NOBODY = 'FST_TENANCY_CONTEXT_MISSING'
const OPTIONAL = { config: { tenancy: 'optional' } } as const

/** What code in each place saw, as `place: expected → seen`. */
class Sightings {
  readonly #seen = new Map<string, Set<string>>()
  readonly #pending: Array<Promise<void>> = []
  app: FastifyInstance | undefined

  /** Asks the database whose data this place sees, and keeps the answer beside whose request it is. */
  note (place: string, request: FastifyRequest): Promise<void> {
    const { app } = this
    if (app === undefined) throw new Error('there is no application yet')
    const seen = whose(app).then((answer) => {
      const row = this.#seen.get(place) ?? new Set()
      this.#seen.set(place, row.add(`${ownerOf(request)} → ${answer}`))
    })
    this.#pending.push(seen)
    return seen
  }

  async of (place: string): Promise<readonly string[]> {
    await this.settled()
    return [...this.#seen.get(place) ?? []].sort()
  }

  async settled (): Promise<void> {
    while (this.#pending.length > 0) await this.#pending.pop()
  }
}

/** Whose request it is, as the client says in a header that the plugin knows nothing of. */
function ownerOf (request: FastifyRequest): string {
  return String(request.headers['x-owner'] ?? 'anonymous')
}

const RIGHT = ['acme → acme', `anonymous → ${NOBODY}`, 'globex → globex']

function addHooks (app: FastifyInstance, seen: Sightings): void {
  seen.app = app
  app.addHook('onRequest', async (request) => await seen.note('onRequest', request))
  app.addHook('preParsing', async (request) => await seen.note('preParsing', request))
  app.addHook('preValidation', async (request) => await seen.note('preValidation', request))
  app.addHook('preHandler', async (request) => await seen.note('preHandler', request))
  app.addHook('preSerialization', async (request) => await seen.note('preSerialization', request))
  app.addHook('onSend', async (request) => await seen.note('onSend', request))
  app.addHook('onError', async (request) => await seen.note('onError', request))
  app.addHook('onResponse', async (request) => await seen.note('onResponse', request))
  app.addHook('onTimeout', async (request) => await seen.note('onTimeout', request))
  app.addHook('onRequestAbort', async (request) => await seen.note('onRequestAbort', request))
  app.setErrorHandler(async (_error, request, reply) => {
    await seen.note('error handler', request)
    return await reply.code(500).send({})
  })
  app.setNotFoundHandler(async (request, reply) => {
    await seen.note('not-found handler', request)
    return await reply.code(404).send({})
  })
}

function addRoutes (app: FastifyInstance, seen: Sightings): void {
  app.post('/', OPTIONAL, async (request) => {
    await seen.note('handler', request)
    await sleep(5)
    await seen.note('handler after await', request)
    return { ok: true }
  })
  app.post('/error', OPTIONAL, async () => { throw new Error('x') })
  app.post('/callback', OPTIONAL, (request: FastifyRequest, reply: FastifyReply) => {
    setTimeout(() => { seen.note('timer', request).then(() => reply.send({}), () => {}) }, 2)
  })
  app.post('/hijack', OPTIONAL, (request: FastifyRequest, reply: FastifyReply) => {
    reply.hijack()
    setTimeout(() => { seen.note('timer of a hijacked reply', request).then(() => reply.raw.end('x'), () => {}) }, 2)
  })
  app.post('/events', OPTIONAL, (request: FastifyRequest, reply: FastifyReply) => {
    reply.hijack()
    let sent = 0
    const interval = setInterval(() => {
      seen.note('interval of server-sent events', request)
      reply.raw.write(`data: ${++sent}\n\n`)
      if (sent < 3) return
      clearInterval(interval)
      reply.raw.end()
    }, 3)
  })
  app.post('/upload', OPTIONAL, async (request) => {
    for await (const part of request.parts()) {
      await seen.note('multipart part', request)
      if (part.type !== 'file') continue
      part.file.once('data', () => { seen.note('multipart file event', request) })
      for await (const chunk of part.file) if (chunk === null) break
      await seen.note('multipart file read', request)
    }
    await seen.note('multipart done', request)
    return {}
  })
}

type Body = { readonly type: string, readonly content: string | Buffer }

const json = (content: string): Body => ({ type: 'application/json', content })

/** Sends one request over `agent`'s socket; a body goes in two pieces, so that parsing it has to wait. */
function send (port: number, agent: http.Agent, path: string, owner: string, body: Body): Promise<void> {
  const headers: Record<string, string> = { 'content-type': body.type, 'content-length': String(Buffer.byteLength(body.content)) }
  if (owner !== 'anonymous') Object.assign(headers, { 'x-owner': owner, authorization: tokenOf(owner) })
  return new Promise((resolve, reject) => {
    const call = http.request({ port, host: '127.0.0.1', method: 'POST', path, agent, headers }, (reply) => { reply.resume().on('end', resolve) })
    call.on('error', reject).write(body.content.slice(0, 4))
    setTimeout(() => call.end(body.content.slice(4)), 5)
  })
}

function upload (): Body {
  const boundary = '----test'
  const file = 'x'.repeat(300_000)
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    content: [`--${boundary}`, 'content-disposition: form-data; name="a"', '', '1', `--${boundary}`, 'content-disposition: form-data; name="f"; filename="f.txt"', 'content-type: text/plain', '', file, `--${boundary}--`, ''].join('\r\n')
  }
}

t.test('every phase of a request', async (t) => {
  const seen = new Sightings()
  const { app, port } = await tenantApp(t, database, {}, async (app) => {
    await app.register(multipart)
    addHooks(app, seen)
    addRoutes(app, seen)
    app.post('/large', { ...OPTIONAL, bodyLimit: 1e7 }, async (request) => {
      await seen.note('handler of a 2 MB body', request)
      return {}
    })
  })
  // One socket each: what a keep-alive connection hands down would show.
  const agents = [1, 2].map(() => new http.Agent({ keepAlive: true, maxSockets: 1 }))
  t.teardown(() => agents.forEach((agent) => agent.destroy()))
  const owners = ['acme', 'anonymous', 'globex', 'anonymous', 'acme', 'globex', 'anonymous']
  const large = json(JSON.stringify({ a: 'x'.repeat(2e6) }))
  const calls = [['/', json('{"a":1}')], ['/error', json('{}  ')], ['/callback', json('{}  ')], ['/hijack', json('{}  ')], ['/events', json('{}  ')], ['/missing', json('{}  ')], ['/', json('{"a": bad')], ['/large', large], ['/upload', upload()]] as const
  for (const [path, body] of calls) {
    await Promise.all(agents.map(async (agent, i) => {
      for (const owner of i === 0 ? owners : owners.toReversed()) await send(port, agent, path, owner, body)
    }))
  }

  t.test('sees its own tenant, and an anonymous one sees nothing', async (t) => {
    const places = [
      'onRequest', 'preParsing', 'preValidation', 'preHandler', 'handler', 'handler after await', 'timer', 'preSerialization', 'onSend', 'onError', 'onResponse', 'error handler', 'not-found handler',
      'timer of a hijacked reply', 'interval of server-sent events', 'handler of a 2 MB body', 'multipart part', 'multipart file read', 'multipart done'
    ]
    for (const place of places) t.same(await seen.of(place), RIGHT, place)
  })

  t.test('where Node.js may lose the store, sees its own tenant or an exception (A-03)', async (t) => {
    const sightings = await seen.of('multipart file event')
    t.ok(sightings.length > 0, 'it was there')
    for (const sighting of sightings) t.match(sighting, isRightOrMissing, sighting)
  })

  t.test('leaves nothing behind', async (t) => {
    t.equal(await whose(app), NOBODY)
    t.equal((await app.tenancy.stats()).lanes.held, 0)
  })
})

const isRightOrMissing = new RegExp(`^(\\w+) → (\\1|${NOBODY})$`)

t.test('time-outs and aborts', async (t) => {
  const seen = new Sightings()
  const recovered: string[] = []
  const { port } = await tenantApp(t, database, {}, (app) => {
    app.server.setTimeout(120)
    addHooks(app, seen)
    app.get('/slow', async (request) => {
      request.raw.on('aborted', () => { seen.note('aborted event', request) })
      request.raw.socket.on('close', () => { seen.note('socket close event', request) })
      await sleep(300)
      return {}
    })
    for (const hook of ['onTimeout', 'onRequestAbort'] as const) {
      app.addHook(hook, async (request: FastifyRequest) => {
        recovered.push(`${hook} ${request.tenant?.id} ${await request.tenancy.run(async () => await whose(app))} ${await request.tenancy.bind(async () => await whose(app))()}`)
      })
    }
  })
  const call = async (owner: string, hangUp: number | undefined) => {
    const socket = net.connect(port, '127.0.0.1').on('error', () => {})
    socket.write(`GET /slow HTTP/1.1\r\nHost: x\r\nx-owner: ${owner}\r\nauthorization: ${tokenOf(owner)}\r\n\r\n`)
    if (hangUp !== undefined) setTimeout(() => socket.destroy(), hangUp)
    await new Promise((resolve) => { socket.once('close', resolve) })
  }
  for (const owner of [...TENANTS, 'acme']) {
    await call(owner, 60)
    await call(owner, undefined)
  }
  await sleep(350)
  await seen.settled()

  t.test('see the right tenant or an exception, never another (A-03)', async (t) => {
    for (const place of ['onTimeout', 'onRequestAbort', 'aborted event', 'socket close event']) {
      const sightings = await seen.of(place)
      t.ok(sightings.length > 0, `${place} was there`)
      for (const sighting of sightings) t.match(sighting, isRightOrMissing, `${place}: ${sighting}`)
    }
  })

  t.test('have the tenant back through request.tenancy', async (t) => {
    t.same([...new Set(recovered)].sort(), [
      'onRequestAbort acme acme acme', 'onRequestAbort globex globex globex', 'onTimeout acme acme acme', 'onTimeout globex globex globex'
    ])
  })
})
