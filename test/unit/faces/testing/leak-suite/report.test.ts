import t from 'tap'
import { Journal, worstOf } from '../../../../../lib/faces/testing/leak-suite/journal.ts'
import { reportOf } from '../../../../../lib/faces/testing/leak-suite/report.ts'
import type { Route } from '../../../../../lib/faces/testing/leak-suite/routes.ts'
import { changeOf, isChanged } from '../../../../../lib/faces/testing/leak-suite/snapshot.ts'
import type { Leak, RouteVerdict } from '../../../../../lib/faces/testing/leak-suite/types.ts'

const route = (method: string, url: string): Route => ({ method, url, schema: {}, isPublic: false, isOptional: false, isWebSocket: false, headers: {} })
const leak = (evidence: string, detector = 'canary'): Leak => ({ detector, evidence, request: 'GET /deals', advice: 'look' })
const DEALS = route('GET', '/deals')
const RUNS = route('GET', '/runs')

t.test('the journal', async (t) => {
  t.test('calls a route isolated when it did for both tenants what it is for, and never before', async (t) => {
    const journal = new Journal([DEALS, RUNS])
    journal.control(DEALS, 1)
    journal.control(DEALS, 1)
    t.match(journal.verdicts, [{ verdict: 'not exercised', reason: 'it was not called' }, { verdict: 'not exercised' }])
    journal.control(DEALS, 2)
    journal.missed(RUNS, 'it answered 404')
    journal.missed(RUNS, 'later')
    t.match(journal.verdicts, [{ route: 'GET /deals', verdict: 'isolated', reason: '' }, { route: 'GET /runs', verdict: 'not exercised', reason: 'it answered 404' }])
  })

  t.test('calls it leaking whatever else it did, tells each leak once, and three of a kind', async (t) => {
    const journal = new Journal([DEALS])
    for (const tenant of [1, 2]) journal.control(DEALS, tenant)
    for (const evidence of ['a', 'a', 'b', 'c', 'd']) journal.leak(leak(evidence), 'GET /deals')
    journal.leak(leak('a', 'write'), 'GET /deals')
    t.match(journal.verdicts, [{ verdict: 'leaking', leaks: [{ evidence: 'a' }, { evidence: 'b' }, { evidence: 'c' }, { detector: 'write' }] }])
    t.equal(journal.hasLeaks(DEALS), true)
    t.equal(journal.hasLeaks(RUNS), false)
  })

  t.test('notes what is seen while no route is called, or one that is not known, as the service\'s', async (t) => {
    const journal = new Journal([DEALS])
    journal.leak(leak('in between'))
    journal.leak(leak('elsewhere'), 'GET /nothing')
    journal.enter(DEALS)
    journal.leak(leak('here'))
    journal.leave()
    t.match(journal.service, [{ evidence: 'in between' }, { evidence: 'elsewhere' }])
    t.match(journal.verdicts, [{ leaks: [{ evidence: 'here' }] }])
    journal.control(RUNS, 1)
    journal.missed(RUNS, 'not one of its own')
    t.equal(journal.verdicts.length, 1)
  })
})

t.test('of several runs the worst counts, with the leaks of all', async (t) => {
  const verdict = (kind: RouteVerdict['verdict'], leaks: readonly Leak[] = []): RouteVerdict => ({ route: 'GET /deals', verdict: kind, reason: kind, leaks })
  const worst = (...kinds: RouteVerdict[]): unknown => worstOf(kinds.map((kind) => [kind]))[0]
  t.match(worst(verdict('isolated'), verdict('isolated')), { verdict: 'isolated' })
  t.match(worst(verdict('isolated'), verdict('not exercised')), { verdict: 'not exercised' })
  t.match(worst(verdict('not exercised'), verdict('leaking', [leak('a')]), verdict('leaking', [leak('a'), leak('b')])), { verdict: 'leaking', leaks: { length: 2 } })
  t.same(worstOf([]), [])
})

t.test('the report', async (t) => {
  const isolated: RouteVerdict = { route: 'GET /deals', verdict: 'isolated', reason: '', leaks: [] }
  const missed: RouteVerdict = { route: 'GET /runs', verdict: 'not exercised', reason: 'it answered 404', leaks: [] }
  const leaking: RouteVerdict = { route: 'GET /all', verdict: 'leaking', reason: '', leaks: [leak('a')] }
  const good = { routes: [isolated], layers: [{ layer: 'policy' as const, holds: true, evidence: 'tried' }], service: [], unseeded: [] }
  const found = { code: 'FST_TENANCY_TESTING_LEAK_FOUND' }

  t.test('is content with what is isolated, and complete where nothing was missed', async (t) => {
    t.doesNotThrow(() => reportOf(good).assertComplete())
    t.doesNotThrow(() => reportOf({ ...good, routes: [isolated, missed] }).assertIsolated())
    t.throws(() => reportOf({ ...good, routes: [isolated, missed] }).assertComplete(), { ...found, message: /GET \/runs +not exercised: it answered 404/ })
  })

  t.test('is not content with a leak, a layer that does not hold, or nothing at all', async (t) => {
    t.throws(() => reportOf({ ...good, routes: [isolated, leaking] }).assertIsolated(), { ...found, message: /GET \/all +leaking\n {4}canary: a/ })
    t.throws(() => reportOf({ ...good, layers: [{ layer: 'policy', holds: false, evidence: 'seen' }] }).assertIsolated(), { ...found, message: /policy +DOES NOT HOLD: seen/ })
    t.throws(() => reportOf({ ...good, service: [leak('between')] }).assertIsolated(), { ...found, message: /outside of every route\n {4}canary: between/ })
    t.throws(() => reportOf({ ...good, routes: [missed] }).assertIsolated(), found)
    t.throws(() => reportOf({ ...good, routes: [] }).assertIsolated(), found)
  })

  t.test('tells what a route was found to do at the route, and once', async (t) => {
    t.same(reportOf({ ...good, routes: [leaking], service: [leak('a'), leak('b'), leak('b')] }).service.map(({ evidence }) => evidence), ['b'])
    t.match(reportOf({ ...good, unseeded: ['deals: refused'] }).toString(), /no rows in deals: refused/)
  })
})

t.test('between two moments, rows came and went, whoever\'s they are', async (t) => {
  const snapshot = (...rows: string[]) => ({ rows: new Map([['stranger' as const, new Set(rows)]]) })
  t.same(changeOf(snapshot('a', 'b'), snapshot('b', 'c'), 'stranger'), { came: ['c'], went: ['a'] })
  t.equal(isChanged(changeOf(snapshot('a'), snapshot('a'), 'stranger')), false)
  t.equal(isChanged(changeOf({ rows: new Map() }, snapshot('a'), 'stranger')), true)
})
