import t from 'tap'
import { createTenantDatabase, leakSuite } from '../../lib/faces/testing/index.ts'
import { cleanCrud, cleanRich, crudOf } from '../support/leak-apps/clean.ts'
import { MIGRATIONS } from '../support/leak-apps/resources.ts'
import { testServer } from '../support/database.ts'

t.test('a clean service that creates, reads, changes and deletes is isolated on every route of its tenants', async (t) => {
  const report = await leakSuite(async (options) => await crudOf(2, options), { server: await testServer(), migrations: MIGRATIONS, settle: 30 })
  t.same(report.leaking, [], report.toString())
  t.same(report.service, [])
  t.same(report.unseeded, [])
  t.same(report.notExercised.map(({ route }) => route), ['GET /metrics', 'GET /health'], report.toString())
  for (const { reason } of report.notExercised) t.match(reason, /without a tenant/)
  t.equal(report.isolated.length, 11)
  t.same(report.layers.filter(({ holds }) => !holds), [], report.toString())
  report.assertIsolated()
  t.throws(() => report.assertComplete(), { code: 'FST_TENANCY_TESTING_LEAK_FOUND' })
})

t.test('a clean service with loaders, caches, counts, transactions and jobs is isolated too (rls)', async (t) => {
  const report = await leakSuite(cleanRich, { server: await testServer(), migrations: MIGRATIONS, isolation: 'rls', settle: 100 })
  t.same(report.leaking, [], report.toString())
  t.same(report.notExercised, [], report.toString())
  report.assertComplete()
})

t.test('an app that is built already is called as it is', async (t) => {
  const database = await createTenantDatabase({ server: await testServer(), migrations: MIGRATIONS })
  t.teardown(() => database.close())
  const app = await cleanRich(database.options)
  try {
    const report = await leakSuite(app, { on: database, settle: 100 })
    report.assertIsolated()
    t.equal(report.isolated.length, 8)
    t.equal((await app.inject('/deal-count')).statusCode, 401, 'and stays open')
  } finally {
    await app.close()
  }
})

t.test('what cannot be used is refused, with what to do', async (t) => {
  const database = await createTenantDatabase({ server: await testServer(), migrations: MIGRATIONS })
  t.teardown(() => database.close())
  const app = await cleanCrud(database.options)
  t.teardown(() => app.close())
  await t.rejects(leakSuite(app), { code: 'FST_TENANCY_TESTING_SUITE_UNUSABLE', message: /options\.on/ })
})

t.test('a route that cannot be guessed is told how it is called, or why it is not', async (t) => {
  const report = await leakSuite(async (options) => {
    const app = await cleanRich(options)
    app.get<{ Params: { title: string } }>('/find/:title', async ({ params }) => await app.sql`select * from deals where title = ${params.title}`)
    app.post('/webhook', async (_request, reply) => await reply.code(400).send({ message: 'bad signature' }))
    app.delete('/everything', async () => ({ ok: true }))
    return app
  }, {
    server: await testServer(),
    migrations: MIGRATIONS,
    settle: 30,
    routes: {
      'GET /find/:title': { params: ({ row }) => ({ title: row('deals')['title'] }) },
      'DELETE /everything': { skip: 'it deletes everything' }
    }
  })
  const of = (route: string): unknown => report.routes.find((each) => each.route === route)
  t.match(of('GET /find/:title'), { verdict: 'isolated' })
  t.match(of('POST /webhook'), { verdict: 'not exercised', reason: /answered 400.*bad signature/ })
  t.match(of('DELETE /everything'), { verdict: 'not exercised', reason: 'it deletes everything' })
})
