import t from 'tap'
import { mutateLayers } from '../../lib/faces/testing/index.ts'
import { mutationReportOf } from '../../lib/faces/testing/leak-suite/mutations.ts'
import { cleanRich } from '../support/leak-apps/clean.ts'
import { leaky } from '../support/leak-apps/leaky.ts'
import { MIGRATIONS } from '../support/leak-apps/resources.ts'
import { testServer } from '../support/database.ts'

const EXPECTED = {
  'schema+rls': ['policy', 'FORCE', 'path', 'hook', 'lane discard', 'policy and path'],
  rls: ['policy', 'FORCE', 'path', 'hook', 'lane discard']
} as const

for (const isolation of ['schema+rls', 'rls'] as const) {
  t.test(`the suite turns red without any one layer (${isolation})`, async (t) => {
    const report = await mutateLayers(cleanRich, { server: await testServer(), migrations: MIGRATIONS, isolation, settle: 80 })
    t.same(report.mutations.map(({ mutation }) => mutation), EXPECTED[isolation])
    for (const { mutation, isRed, evidence } of report.mutations) t.ok(isRed, `${mutation}: ${evidence}`)
    report.assertRed()
    const byRoutes = (mutation: string): number => report.mutations.find((each) => each.mutation === mutation)?.byRoutes.length ?? 0
    t.equal(byRoutes('hook'), 8, 'all of them')
    // Where nothing else stands behind it, the routes themselves show that a layer is gone.
    const alone = { 'schema+rls': 'policy and path', rls: 'policy' }[isolation]
    t.ok(byRoutes(alone) > 3, report.toString())
  })
}

t.test('a service that leaks is not tried: it is red already', async (t) => {
  await t.rejects(mutateLayers(leaky('GET /cached-deals'), { server: await testServer(), migrations: MIGRATIONS, settle: 20 }), { code: 'FST_TENANCY_TESTING_LEAK_FOUND' })
})

t.test('what the suite does not notice is named', async (t) => {
  const [green, red] = [{ mutation: 'FORCE', isRed: false, byRoutes: [], evidence: '' }, { mutation: 'policy', isRed: true, byRoutes: ['GET /deals'], evidence: 'seen' }] as const
  t.throws(() => mutationReportOf([green, red]).assertRed(), { code: 'FST_TENANCY_TESTING_MUTATION_SURVIVED', message: /without FORCE +GREEN/ })
  mutationReportOf([red]).assertRed()
})
