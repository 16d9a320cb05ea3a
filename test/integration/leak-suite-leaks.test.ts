import t from 'tap'
import { leakSuite } from '../../lib/faces/testing/index.ts'
import { LEAKS, leaky, plantInDatabase } from '../support/leak-apps/leaky.ts'
import { MIGRATIONS } from '../support/leak-apps/resources.ts'
import { testServer } from '../support/database.ts'

/** What each is seen by at least; some are seen in several ways. */
const SEEN: Readonly<Record<string, RegExp>> = {
  'GET /cached-deals': /canary/,
  'GET /loaded-deals/:id': /canary/,
  'GET /raw-deals': /connection/,
  'GET /deal-totals': /view/,
  'POST /deals/:id/runs': /write|context/,
  'POST /deals/:id/screenings': /context/,
  'GET /remembered-deals': /canary/,
  'GET /counted-deals': /cache/,
  'GET /lazy-deals': /context|canary/,
  'GET /by-url/deals': /canary/,
  'GET /current': /canary/,
  'GET /chosen-deals': /canary/,
  'GET /export': /canary/,
  'GET /public-deals': /cache/,
  'POST /owner-deals': /connection/
}

/** Under rls those of the issue, and what the superuser's view shows there. */
const FIVE = ['GET /cached-deals', 'GET /loaded-deals/:id', 'GET /raw-deals', 'GET /deal-totals', 'POST /deals/:id/runs']

for (const [isolation, planted] of [['schema+rls', Object.keys(LEAKS)], ['rls', FIVE]] as const) {
  t.test(`each planted leak is found at its own route, and nowhere else (${isolation})`, async (t) => {
    const report = await leakSuite(leaky(...planted), { server: await testServer(), migrations: MIGRATIONS, isolation, settle: 100, seed: plantInDatabase })
    for (const [route, detector] of Object.entries(SEEN).filter(([name]) => planted.includes(name))) {
      const found = report.routes.find((each) => each.route === route)
      t.equal(found?.verdict, 'leaking', route)
      t.match(found?.leaks.map((leak) => leak.detector).join(), detector, route)
    }
    t.same(report.leaking.map(({ route }) => route).sort(), [...planted].sort(), report.toString())
    if (isolation === 'rls') t.match(report.leaking.find(({ route }) => route === 'GET /deal-totals')?.leaks.map((leak) => leak.detector).join(), /influence/)
    t.throws(() => report.assertIsolated(), { code: 'FST_TENANCY_TESTING_LEAK_FOUND', message: /GET \/cached-deals +leaking/ })
    t.same(JSON.parse(JSON.stringify(report)).leaking.length, report.leaking.length, 'and the report is data')
  })
}
