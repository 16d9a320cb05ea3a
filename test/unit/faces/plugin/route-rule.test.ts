import t from 'tap'
import { parseRouteRule } from '../../../../lib/faces/plugin/route-rule.ts'

t.test('parseRouteRule()', async (t) => {
  t.test('needs a tenant unless told otherwise', async (t) => {
    for (const value of [undefined, true, {}, { transaction: false }, { readOnly: false }]) {
      t.same(parseRouteRule(value, 'GET /deals'), { tenant: 'required', transaction: null }, JSON.stringify(value))
    }
    t.same(parseRouteRule('optional', 'GET /deals'), { tenant: 'optional', transaction: null })
    t.same(parseRouteRule(false, 'GET /deals'), { tenant: 'none', transaction: null })
  })

  t.test('understands transactions; a read-only route is one', async (t) => {
    t.same(parseRouteRule({ transaction: true }, 'GET /deals'), { tenant: 'required', transaction: { readOnly: false } })
    t.same(parseRouteRule({ transaction: true, readOnly: true }, 'GET /deals'), { tenant: 'required', transaction: { readOnly: true } })
    t.same(parseRouteRule({ readOnly: true }, 'GET /deals'), { tenant: 'required', transaction: { readOnly: true } })
  })

  t.test('refuses everything else, and names the route', async (t) => {
    const values = [null, 'false', 'none', '', 0, 1, [], ['optional'], () => false, { transaction: 'false' }, { readOnly: 1 }, { transactions: true }, { tenant: false }, { transaction: false, readOnly: true }]
    for (const value of values) {
      t.throws(() => parseRouteRule(value, 'GET /deals'), { code: 'FST_TENANCY_OPTIONS_INVALID', message: /"tenancy" of the route GET \/deals/ }, String(JSON.stringify(value)))
    }
  })
})
