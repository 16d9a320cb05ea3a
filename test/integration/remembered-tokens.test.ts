import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { currentTenant } from '../../lib/settings/context/index.ts'
import { TENANTS, tenantApp, tenantsDatabase, whose } from '../support/tenancy-app.ts'
import { tokenOf } from '../support/tokens.ts'

const database = await tenantsDatabase(t)
const NOBODY = 'FST_TENANCY_CONTEXT_MISSING'

/** The same token each time: from the second request on it is remembered, and so is its tenant. */
const tokens = { acme: tokenOf('acme'), globex: tokenOf('globex'), sleepy: tokenOf('sleepy') }

async function answer (app: FastifyInstance, authorization: string, headers: Readonly<Record<string, string>> = {}): Promise<readonly [number, string]> {
  const reply = await app.inject({ url: '/', headers: { ...headers, authorization } })
  const body: Record<string, unknown> = reply.json()
  return [reply.statusCode, String(body['code'] ?? body['seen'])]
}

/** Sends the requests in one write on one socket and returns what the bodies of the replies say. */
async function pipeline (port: number, authorizations: readonly string[]): Promise<readonly string[]> {
  const socket = net.connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (data) => { text += data })
  socket.write(authorizations.map((value) => `GET / HTTP/1.1\r\nHost: x\r\n${value === '' ? '' : `authorization: ${value}\r\n`}\r\n`).join(''))
  const bodies = () => [...text.matchAll(/"seen":"([^"]*)"/g)].map((match) => String(match[1]))
  for (let i = 0; i < 300 && bodies().length < authorizations.length; i++) await sleep(10)
  socket.destroy()
  return bodies()
}

t.test('requests whose token and tenant are known', async (t) => {
  const places: string[] = []
  const { app, port } = await tenantApp(t, database, { registryCacheMs: 60_000 }, (app) => {
    const note = (place: string) => { places.push(`${place} ${currentTenant()?.id}`) }
    app.addHook('onRequest', async () => { note('onRequest') })
    app.addHook('preHandler', (_request, _reply, done) => {
      note('preHandler')
      done()
    })
    app.addHook('onSend', async () => { note('onSend') })
    app.addHook('onResponse', async () => { note('onResponse') })
    app.setErrorHandler(async () => ({ seen: `refused ${await whose(app)}` }))
    app.get('/', async (request) => {
      setTimeout(() => note('timer'), 1)
      return { seen: `${request.tenant?.id} ${await whose(app)}` }
    })
  })
  /** Waits until so many places were noted: a timer may come after the answer, and a busy machine takes its time. */
  const noted = async (count: number): Promise<void> => { for (let i = 0; i < 200 && places.length < count; i++) await sleep(5) }
  for (const tenant of TENANTS) await answer(app, tokens[tenant])
  await noted(TENANTS.length * 5)

  t.test('have their tenant in every hook, and after everything that is awaited', async (t) => {
    for (const tenant of TENANTS) {
      places.length = 0
      t.same(await answer(app, tokens[tenant]), [200, `${tenant} ${tenant}`])
      await noted(5)
      await sleep(20)
      t.same([...places].sort(), ['onRequest', 'onResponse', 'onSend', 'preHandler', 'timer'].map((place) => `${place} ${tenant}`))
    }
  })

  t.test('pipelined on one socket, hand nothing to the next one, nor to its error handler (A-02, A-11)', async (t) => {
    const order = [tokens.acme, '', tokens.globex, `${tokens.acme}x`, tokens.acme, tokens.sleepy, tokens.globex, '']
    const expected = ['acme acme', `refused ${NOBODY}`, 'globex globex', `refused ${NOBODY}`, 'acme acme', `refused ${NOBODY}`, 'globex globex', `refused ${NOBODY}`]
    for (let i = 0; i < 3; i++) t.same(await pipeline(port, order), expected)
  })

  t.test('many at once, get their own rows', async (t) => {
    const many = Array.from({ length: 200 }, (_, i) => TENANTS[(i * 7 + i % 3) % 2] ?? 'acme')
    t.same(await Promise.all(many.map((tenant) => answer(app, tokens[tenant]))), many.map((tenant) => [200, `${tenant} ${tenant}`]))
  })

  t.test('inside another tenant\'s context, are their own and take nothing away', async (t) => {
    await app.tenancy.runWithTenant('acme', async () => {
      t.same(await answer(app, tokens.globex), [200, 'globex globex'])
      t.same(await answer(app, `${tokens.globex}x`), [200, `refused ${NOBODY}`])
      t.equal(currentTenant()?.id, 'acme')
    })
    t.equal(currentTenant(), undefined)
  })
})

t.test('a tenant that is suspended', async (t) => {
  t.test('is refused with a token that is remembered, as soon as the registry is not believed any more, and served again', async (t) => {
    const { app, lines } = await tenantApp(t, database, { registryCacheMs: 200 }, (app) => {
      app.get('/', async () => ({ seen: await whose(app) }))
    })
    for (let i = 0; i < 2; i++) for (const tenant of TENANTS) t.same(await answer(app, tokens[tenant]), [200, tenant])
    for (const [status, expected] of [['suspended', 'FST_TENANCY_TENANT_DENIED'], ['active', 'acme']] as const) {
      await database.admin`update zakops_tenancy.tenants set status = ${status} where id = 'acme'`
      const change = performance.now()
      let last: readonly [number, string] = [0, '']
      while (last[1] !== expected && performance.now() - change < 2_000) {
        await sleep(5)
        last = await answer(app, tokens.acme)
        t.match(await answer(app, tokens.globex), [200, 'globex'])
      }
      t.same(last, [expected === 'acme' ? 200 : 403, expected])
      t.ok(performance.now() - change < 500, 'within the time')
    }
    t.match(lines.find((line) => line['msg'] === 'request refused'), { reason: 'FST_TENANCY_TENANT_INACTIVE' })
  })
})

t.test('a token that is remembered', async (t) => {
  t.test('has to agree with the header at each request', async (t) => {
    const { app } = await tenantApp(t, database, { agree: { header: 'x-tenant-id' } }, (app) => {
      app.get('/', async () => ({ seen: await whose(app) }))
    })
    for (let i = 0; i < 3; i++) {
      t.same(await answer(app, tokens.acme, { 'x-tenant-id': 'acme' }), [200, 'acme'])
      t.same(await answer(app, tokens.acme, { 'x-tenant-id': 'globex' }), [403, 'FST_TENANCY_TENANT_MISMATCH'])
    }
  })

  t.test('makes no tenant of a bad one, in observe mode either', async (t) => {
    const { app } = await tenantApp(t, database, { enforce: false }, (app) => {
      app.get('/', async (request) => ({ seen: `${request.tenant?.id}` }))
    })
    for (let i = 0; i < 2; i++) t.same(await answer(app, tokens.acme), [200, 'acme'])
    t.same(await answer(app, tokens.acme.slice(0, -1)), [200, 'undefined'])
    t.same(await answer(app, tokens.sleepy), [200, 'sleepy'], 'a suspended tenant is served and counted')
    t.same(await answer(app, tokens.sleepy), [200, 'sleepy'])
    t.equal((await app.tenancy.stats()).observed, 3, 'each time')
  })
})

t.test('runWithTenant()', async (t) => {
  t.test('does the same whether its tenant is known or not', async (t) => {
    const { app } = await tenantApp(t, database, { registryCacheMs: 60_000 }, () => {})
    const { runWithTenant } = app.tenancy
    for (const round of ['unknown', 'known']) {
      t.equal(await runWithTenant('acme', () => whose(app)), 'acme', round)
      t.match(await runWithTenant('globex', () => app.sql`select title from deals where id = '1'`), [{ title: 'globex' }], round)
      t.equal(await runWithTenant('acme', () => 1), 1)
      await t.rejects(runWithTenant('acme', () => { throw new Error('mine') }), { message: 'mine' })
      await t.rejects(runWithTenant('acme', () => runWithTenant('globex', () => 1)), { code: 'FST_TENANCY_CONTEXT_CROSS_TENANT' })
      await t.rejects(runWithTenant('sleepy', () => 1), { code: 'FST_TENANCY_TENANT_DENIED' })
      await t.rejects(runWithTenant('not an id', () => 1), { code: 'FST_TENANCY_TENANT_ID_INVALID' })
      t.equal(currentTenant(), undefined)
    }
  })
})
