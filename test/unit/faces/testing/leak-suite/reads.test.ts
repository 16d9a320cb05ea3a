import t from 'tap'
import { whyNot } from '../../../../../lib/faces/testing/leak-suite/reads.ts'
import type { Route } from '../../../../../lib/faces/testing/leak-suite/routes.ts'

const route: Route = { method: 'GET', url: '/search', schema: {}, isPublic: false, isOptional: false, isWebSocket: false, headers: {} }
const answered = (status: number) => ({ status, headers: {}, body: 'no' })

t.test('a route that was not exercised says what the suite wants to know', async (t) => {
  const advice = 'say how to call it in options.routes["GET /search"], or there why to skip it'
  t.equal(whyNot(route, answered(200)), `it showed its caller nothing of its own; ${advice}`)
  t.equal(whyNot(route, answered(200), 'it changed nothing'), `it changed nothing; ${advice}`)
  t.match(whyNot(route, answered(404)), new RegExp(`answered 404.*: no; ${advice.replaceAll(/[[\]]/g, '\\$&')}`))
  t.equal(whyNot({ ...route, isPublic: true }, answered(200)), 'it is served without a tenant and showed nothing of one')
  t.equal(whyNot(route, undefined), 'it did not answer')
})
