import { AsyncLocalStorage } from 'node:async_hooks'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import websocket from '@fastify/websocket'
import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import { WebSocket } from 'ws'
import { TENANTS, tenantApp, tenantsDatabase, whose } from '../support/tenancy-app.ts'
import { tokenOf } from '../support/tokens.ts'

const database = await tenantsDatabase(t)
const NOBODY = 'FST_TENANCY_CONTEXT_MISSING'
const OPTIONAL = { config: { tenancy: 'optional' } } as const

const request = (headers: string) => `GET / HTTP/1.1\r\nHost: x\r\n${headers}\r\n`
const asTenant = (tenant: string) => request(`authorization: ${tokenOf(tenant)}\r\n`)
const asNobody = request('')

/** Writes the chunks to one raw socket, `pause` apart, and returns what the bodies of the replies say. */
async function talk (port: number, chunks: readonly string[], replies: number, pause: number): Promise<readonly string[]> {
  const socket = net.connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (data) => { text += data })
  for (const chunk of chunks) {
    socket.write(chunk)
    await sleep(pause)
  }
  const bodies = () => [...text.matchAll(/"seen":"([^"]*)"/g)].map((match) => String(match[1]))
  for (let i = 0; i < 200 && bodies().length < replies; i++) await sleep(10)
  socket.destroy()
  return bodies()
}

t.test('one socket', async (t) => {
  const { port } = await tenantApp(t, database, {}, (app) => {
    app.get('/', OPTIONAL, async (request) => ({ seen: `${request.tenant?.id ?? 'nobody'} ${await whose(app)}` }))
  })
  const expected = ['acme acme', `nobody ${NOBODY}`, 'globex globex', `nobody ${NOBODY}`, `nobody ${NOBODY}`, 'acme acme']
  const requests = [asTenant('acme'), asNobody, asTenant('globex'), asNobody, asNobody, asTenant('acme')]

  t.test('kept alive, hands no tenant to the next request (A-02)', async (t) => {
    t.same(await talk(port, requests, 6, 40), expected)
  })

  t.test('pipelined, hands no tenant to the next request (A-02)', async (t) => {
    t.same(await talk(port, [requests.join('')], 6, 0), expected)
  })

  t.test('pipelined, a refused request sees nothing in its error handler', async (t) => {
    const other = await tenantApp(t, database, {}, (app) => {
      app.get('/', async () => ({ seen: await whose(app) }))
      app.setErrorHandler(async () => ({ seen: `refused ${await whose(app)}` }))
    })
    t.same(await talk(other.port, [asTenant('acme') + asNobody + asTenant('globex') + asTenant('nobody')], 4, 0), ['acme', `refused ${NOBODY}`, 'globex', `refused ${NOBODY}`])
  })
})

t.test('enterWith()', async (t) => {
  t.test('leaks on the same socket: this is what the tests above would show', { skip: Number(process.versions.node.split('.')[0]) >= 24 }, async (t) => {
    const store = new AsyncLocalStorage<string>()
    const app = Fastify()
    t.teardown(() => app.close())
    app.addHook('onRequest', (request, _reply, done) => {
      if (request.headers.authorization !== undefined) store.enterWith('acme')
      done()
    })
    app.get('/', async () => ({ seen: store.getStore() ?? 'nobody' }))
    await app.listen({ port: 0, host: '127.0.0.1' })
    const address = app.server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    t.same(await talk(address.port, [asTenant('acme') + asNobody], 2, 0), ['acme', 'acme'])
  })
})

t.test('inject()', async (t) => {
  const { app } = await tenantApp(t, database, {}, (app) => {
    app.get('/', OPTIONAL, async () => ({ seen: await whose(app) }))
    app.get('/inside', async () => await inject(app))
    app.get('/refused', async () => ({}))
    app.setErrorHandler(async () => ({ seen: `refused ${await whose(app)}` }))
  })

  t.test('in sequence and in parallel shares no tenant (A-11)', async (t) => {
    for (let i = 0; i < 3; i++) t.same([await inject(app, 'acme'), await inject(app), await inject(app, 'globex')], ['acme', NOBODY, 'globex'].map((seen) => ({ seen })))
    const many = Array.from({ length: 60 }, (_, i) => [...TENANTS, undefined][i % 3])
    t.same(await Promise.all(many.map((tenant) => inject(app, tenant))), many.map((tenant) => ({ seen: tenant ?? NOBODY })))
  })

  t.test('inside a tenant\'s context hands nothing down', async (t) => {
    t.same(await inject(app, 'acme', '/inside'), { seen: NOBODY })
    await app.tenancy.runWithTenant('acme', async () => {
      t.same(await inject(app), { seen: NOBODY })
      t.same(await inject(app, 'globex'), { seen: 'globex' })
      t.same(await inject(app, undefined, '/refused'), { seen: `refused ${NOBODY}` })
      t.equal(await whose(app), 'acme', 'and takes nothing away')
    })
  })
})

async function inject (app: FastifyInstance, tenant?: string, url = '/'): Promise<unknown> {
  const reply = await app.inject({ method: 'GET', url, headers: tenant === undefined ? {} : { authorization: tokenOf(tenant) } })
  return reply.json()
}

t.test('web sockets', async (t) => {
  const seen: string[] = []
  const { app, port } = await tenantApp(t, database, {}, async (app) => {
    await app.register(websocket)
    app.get('/ws', { websocket: true }, (socket, request) => {
      const note = async (place: string) => { seen.push(`${place}: ${request.tenant?.id} → ${await whose(app)}`) }
      note('handler')
      const interval = setInterval(() => note('interval'), 10)
      socket.on('message', () => note('message'))
      socket.on('message', () => request.tenancy.run(() => note('message, run')))
      socket.on('message', request.tenancy.bind(() => note('message, bound')))
      socket.on('message', async () => await app.tenancy.runWithTenant(String(request.tenant?.id), () => note('message, runWithTenant')))
      socket.on('close', () => {
        clearInterval(interval)
        note('close')
        request.tenancy.run(() => note('close, run'))
      })
    })
  })
  const call = (owner: string) => new Promise<void>((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers: { authorization: tokenOf(owner) } })
    socket.on('error', reject).on('close', () => resolve())
    socket.on('open', () => {
      socket.send('1')
      setTimeout(() => socket.send('2'), 10)
      setTimeout(() => socket.close(), 60)
    })
  })
  await Promise.all([...TENANTS, ...TENANTS].map(call))
  const isOver = async () => seen.filter((sighting) => sighting.startsWith('close, run')).length === 4 && (await app.tenancy.stats()).lanes.held === 0
  for (let i = 0; i < 500 && !await isOver(); i++) await sleep(10)

  t.test('have the tenant in the handler and its timers, and through request.tenancy', async (t) => {
    for (const place of ['handler', 'interval', 'message, run', 'message, bound', 'message, runWithTenant', 'close, run']) {
      const here = new Set(seen.filter((sighting) => sighting.startsWith(`${place}: `)))
      t.same([...here].sort(), TENANTS.map((tenant) => `${place}: ${tenant} → ${tenant}`))
    }
  })

  t.test('never see another in their events', async (t) => {
    for (const place of ['message', 'close']) {
      const here = seen.filter((sighting) => sighting.startsWith(`${place}: `))
      t.ok(here.length >= 4, `${place} was there`)
      for (const sighting of here) t.match(sighting, new RegExp(`: (\\w+) → (\\1|${NOBODY})$`))
    }
  })

  t.test('are refused without a token', async (t) => {
    const refused = new Promise<string>((resolve) => {
      new WebSocket(`ws://127.0.0.1:${port}/ws`).on('error', (error) => resolve(error.message))
    })
    t.match(await refused, /401/)
    for (let i = 0; i < 100 && await connections(app) > 0; i++) await sleep(10)
    t.equal(await connections(app), 0, 'and the socket is closed')
    t.equal((await app.inject({ method: 'GET', url: '/ws', headers: { upgrade: 'websocket' } })).statusCode, 401)
    t.equal((await app.tenancy.stats()).lanes.held, 0)
  })
})

function connections (app: FastifyInstance): Promise<number> {
  return new Promise((resolve, reject) => { app.server.getConnections((error, count) => { error === null ? resolve(count) : reject(error) }) })
}
