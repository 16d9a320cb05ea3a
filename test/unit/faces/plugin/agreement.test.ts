import Fastify, { type FastifyRequest, type InjectOptions } from 'fastify'
import t from 'tap'
import { disagreement, timesSent } from '../../../../lib/faces/plugin/agreement.ts'
import { parseTenantId } from '../../../../lib/words/names.ts'

const acme = parseTenantId('Acme-1')
const agree = { header: 'X-Tenant-Id', host: '{tenant}.example.com', param: 'tenantId' }

/** What `read` says of a real request. */
async function ask<T> (read: (request: FastifyRequest) => T, inject: InjectOptions): Promise<T | undefined> {
  const app = Fastify()
  let answer: T | undefined
  const handler = async (request: FastifyRequest) => { answer = read(request) }
  app.get('/', handler)
  app.get('/:tenantId/deals', handler)
  await app.inject(inject)
  await app.close()
  return answer
}

t.test('disagreement()', async (t) => {
  t.test('is content where everything agrees or is absent', async (t) => {
    const check = (request: FastifyRequest) => disagreement(agree, request, acme) ?? 'agrees'
    for (const host of ['Acme-1.example.com', 'ACME-1.EXAMPLE.COM:8080', 'acme-1.example.com']) {
      t.equal(await ask(check, { url: '/Acme-1/deals', headers: { host, 'x-tenant-id': 'Acme-1' } }), 'agrees', host)
    }
    t.equal(await ask(check, { url: '/', headers: { host: 'acme-1.example.com' } }), 'agrees')
    t.equal(await ask((request) => disagreement({}, request, acme) ?? 'agrees', { url: '/globex/deals', headers: { host: 'globex.example.com', 'x-tenant-id': 'globex' } }), 'agrees')
  })

  t.test('finds another name in the header', async (t) => {
    const check = (request: FastifyRequest) => disagreement({ header: agree.header }, request, acme) ?? 'agrees'
    for (const value of ['globex', 'acme-1', '', ' ', 'Acme-1,globex', 'Acme-1, Acme-1', 'Acme-1 x']) {
      t.equal(await ask(check, { url: '/', headers: { 'x-tenant-id': value } }), 'header', JSON.stringify(value))
    }
    t.equal(await ask(check, { url: '/', headers: { 'x-tenant-id': ['Acme-1', 'Acme-1'] } }), 'header', 'sent twice')
  })

  t.test('finds another name in the host', async (t) => {
    const check = (request: FastifyRequest) => disagreement({ host: agree.host }, request, acme) ?? 'agrees'
    for (const host of ['globex.example.com', 'example.com', 'acme-1.example.com.evil.test', 'x.acme-1.example.com', 'acme-1example.com', 'acme-1.example.org', '127.0.0.1', '[::1]:80', 'acme-1.exampleXcom']) {
      t.equal(await ask(check, { url: '/', headers: { host } }), 'host', host)
    }
  })

  t.test('finds another name in the route parameter', async (t) => {
    const check = (request: FastifyRequest) => disagreement({ param: agree.param }, request, acme) ?? 'agrees'
    t.equal(await ask(check, { url: '/globex/deals' }), 'param')
    t.equal(await ask(check, { url: '/acme-1/deals' }), 'param')
    t.equal(await ask(check, { url: '/Acme%2D1/deals' }), 'agrees', 'a parameter is decoded')
    t.equal(await ask((request) => disagreement({ param: '__proto__' }, request, acme) ?? 'agrees', { url: '/globex/deals' }), 'agrees', 'own parameters only')
  })
})

t.test('timesSent()', async (t) => {
  t.test('counts what Node.js joins or drops', async (t) => {
    const count = (request: FastifyRequest) => timesSent(request, 'x-tenant-id')
    t.equal(await ask(count, { url: '/' }), 0)
    t.equal(await ask(count, { url: '/', headers: { 'X-Tenant-ID': 'a' } }), 1)
    t.equal(await ask(count, { url: '/', headers: { 'x-tenant-id': ['a', 'b'] } }), 2)
  })
})
