import t from 'tap'
import { routesOf, tenancyOf } from '../../../../../lib/faces/testing/leak-suite/routes.ts'

const DOCUMENT = {
  openapi: '3.1.0',
  paths: {
    '/deals/{id}': {
      parameters: [{ $ref: '#/components/parameters/Id' }],
      get: { parameters: [{ in: 'query', name: 'full', schema: { type: 'boolean' } }, { in: 'header', name: 'x-y', schema: { type: 'string' } }] },
      put: { requestBody: { $ref: '#/components/requestBodies/Deal' } },
      'x-note': 'no method'
    },
    '/health': { get: {} },
    '/odd~name': { post: { requestBody: { content: { 'text/plain': { schema: { type: 'string' } } } } } }
  },
  components: {
    parameters: { Id: { in: 'path', name: 'id', required: true, schema: { $ref: '#/components/schemas/a~1b' } } },
    requestBodies: { Deal: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Deal' } } } } },
    schemas: { 'a/b': { type: 'string' }, Deal: { type: 'object', properties: { title: { type: 'string' }, parent: { $ref: '#/components/schemas/Deal' } }, required: ['title'] } }
  }
}

t.test('the routes of an OpenAPI document', async (t) => {
  const routes = routesOf({}, DOCUMENT)
  t.same(routes.map(({ method, url }) => `${method} ${url}`), ['GET /deals/:id', 'PUT /deals/:id', 'GET /health', 'POST /odd~name'])

  t.test('have the parameters of their path and their own, references followed', async (t) => {
    t.same(routes[0]?.schema, {
      params: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
      querystring: { type: 'object', properties: { full: { type: 'boolean' } }, required: [] }
    })
  })

  t.test('have a body where it is JSON, and one that refers to itself ends somewhere', async (t) => {
    t.match(routes[1]?.schema['body'], { type: 'object', properties: { title: { type: 'string' }, parent: { type: 'object', properties: { title: { type: 'string' } } } }, required: ['title'] })
    t.equal(routes[2]?.schema['body'], undefined)
    t.equal(routes[3]?.schema['body'], undefined)
  })

  t.test('are none where there are none', async (t) => {
    t.same(routesOf({}, {}), [])
    t.same(routesOf({}, undefined), [])
  })
})

t.test('the routes of an app that was made after the suite was loaded', async (t) => {
  const { default: Fastify } = await import('fastify')
  const app = Fastify()
  app.get('/deals/:id', { schema: { params: { type: 'object', properties: { id: { type: 'integer' } } } }, config: { tenancy: false } }, async () => ({}))
  app.route({ method: ['POST', 'PUT', 'OPTIONS'], url: '/deals', handler: async () => ({}) })
  await app.ready()
  t.match(routesOf(app, undefined), [{ method: 'GET', url: '/deals/:id', isPublic: true, isWebSocket: false }, { method: 'POST', url: '/deals' }, { method: 'PUT', url: '/deals' }])

  t.test('take what they do not say from the document, and keep what they say', async (t) => {
    const routes = routesOf(app, DOCUMENT)
    t.same(routes.map(({ method, url }) => `${method} ${url}`), ['GET /deals/:id', 'POST /deals', 'PUT /deals', 'PUT /deals/:id', 'GET /health', 'POST /odd~name'])
    t.match(routes[0], { isPublic: true, schema: { params: { properties: { id: { type: 'integer' } } }, querystring: { properties: { full: {} } } } })
  })

  t.test('have their schemas by name, and their constraints as headers', async (t) => {
    const { default: Fastify } = await import('fastify')
    const app = Fastify()
    const owner = { type: 'object', properties: { name: { type: 'string' } } }
    app.post('/deals', { schema: { body: { $ref: 'deal#' }, querystring: { $ref: 'http://x/page#/definitions/page' } } }, async () => ({}))
    app.post('/owners', { schema: { body: { type: 'object', properties: { owner: { $ref: '#/definitions/owner' } }, definitions: { owner } } } }, async () => ({}))
    app.get('/deals', { constraints: { version: '1.2.0', host: 'a.example.com' } }, async () => ({}))
    app.get('/else', { constraints: { host: /x/ } }, async () => ({}))
    // Behind the routes that name them.
    app.addSchema({ $id: 'deal', type: 'object', properties: { owner: { $ref: '#/definitions/owner' } }, definitions: { owner } })
    app.addSchema({ $id: 'http://x/page', definitions: { page: { type: 'object', properties: { page: { type: 'integer' } } } } })
    await app.ready()
    t.match(routesOf(app, undefined), [
      { schema: { body: { properties: { owner } }, querystring: { properties: { page: { type: 'integer' } } } }, headers: {} },
      { schema: { body: { properties: { owner } } } },
      { headers: { 'accept-version': '1.2.0', host: 'a.example.com' } },
      { headers: {} }
    ])
    await app.close()
  })

  t.test('know no tenancy where there is none', async (t) => t.equal(tenancyOf(app), undefined))
  await app.close()
})
