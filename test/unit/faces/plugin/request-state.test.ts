import { EventEmitter } from 'node:events'
import Fastify, { type FastifyRequest } from 'fastify'
import t from 'tap'
import { contextOf, requestTenancy, setContext } from '../../../../lib/faces/plugin/request-state.ts'
import { currentTenant, runInContext, tenantContext } from '../../../../lib/settings/context/index.ts'
import { parseTenantId, schemaNameOf } from '../../../../lib/words/names.ts'
import type { TenantContext } from '../../../../lib/words/types.ts'

function contextFor (text: string): TenantContext {
  const id = parseTenantId(text)
  return tenantContext(Object.freeze({ id, name: text, status: 'active', isolation: 'schema', schema: schemaNameOf(id), server: 'default', database: null, migration: '', isMoving: false, createdAt: new Date() }))
}

const acme = contextFor('acme')
const globex = contextFor('globex')

/** A real request, out of its handler. */
async function aRequest (): Promise<FastifyRequest> {
  const app = Fastify()
  const requests: FastifyRequest[] = []
  app.get('/', async (request) => { requests.push(request) })
  await app.inject('/')
  await app.close()
  const [request] = requests
  if (request === undefined) throw new Error('there was no request')
  return request
}

t.test('request.tenancy', async (t) => {
  t.test('run() brings the tenant back, and only for what it calls', async (t) => {
    const request = await aRequest()
    setContext(request, acme)
    t.equal(requestTenancy(request).run(() => currentTenant()?.id), 'acme')
    t.equal(currentTenant(), undefined)
    t.equal(await requestTenancy(request).run(async () => { await null; return currentTenant()?.id }), 'acme')
    t.equal(contextOf(request), acme)
  })

  t.test('run() throws in the context of another tenant', async (t) => {
    const request = await aRequest()
    setContext(request, acme)
    t.equal(runInContext(acme, () => requestTenancy(request).run(() => currentTenant()?.id)), 'acme')
    t.throws(() => runInContext(globex, () => requestTenancy(request).run(() => 1)), { code: 'FST_TENANCY_CONTEXT_CROSS_TENANT' })
  })

  t.test('bind() enters the tenant whoever calls, and hands on arguments and result', async (t) => {
    const request = await aRequest()
    setContext(request, acme)
    const emitter = new EventEmitter()
    const seen: string[] = []
    emitter.on('message', requestTenancy(request).bind((text: string) => { seen.push(`${currentTenant()?.id} ${text}`) }))
    emitter.emit('message', 'one')
    runInContext(globex, () => emitter.emit('message', 'two'))
    t.same(seen, ['acme one', 'acme two'])
    t.equal(requestTenancy(request).bind((a: number, b: number) => a + b)(1, 2), 3)
  })

  t.test('throws where the request has no tenant', async (t) => {
    const request = await aRequest()
    t.throws(() => requestTenancy(request).run(() => 1), { code: 'FST_TENANCY_CONTEXT_MISSING' })
    t.throws(() => requestTenancy(request).bind(() => 1), { code: 'FST_TENANCY_CONTEXT_MISSING' })
    t.throws(() => runInContext(acme, () => requestTenancy(request).run(() => 1)), { code: 'FST_TENANCY_CONTEXT_MISSING' }, 'nothing is inherited')
  })
})
