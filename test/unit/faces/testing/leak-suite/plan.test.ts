import t from 'tap'
import type { Column, Table } from '../../../../../lib/faces/testing/leak-suite/catalog.ts'
import { type Part, planCall, recipesOf } from '../../../../../lib/faces/testing/leak-suite/plan.ts'
import { nameOf } from '../../../../../lib/faces/testing/leak-suite/journal.ts'
import type { Route } from '../../../../../lib/faces/testing/leak-suite/routes.ts'
import { type Party, partyOf } from '../../../../../lib/faces/testing/leak-suite/seed.ts'
import type { Row } from '../../../../../lib/faces/testing/leak-suite/types.ts'

const column = (name: string, more: Partial<Column> = {}): Column => ({ name, type: 'text', isRequired: true, hasDefault: false, isGenerated: false, labels: [], ...more })
const primary = { name: 'pk', kind: 'primary' as const, columns: ['tenant_id', 'id'], parent: '', parentColumns: [], literals: [] }

const DEALS: Table = {
  name: 'deals',
  columns: [column('tenant_id'), column('id'), column('title'), column('amount', { type: 'integer' }), column('is_won', { type: 'boolean', isRequired: false }), column('at', { hasDefault: true }), column('size', { isGenerated: true })],
  constraints: [primary, { ...primary, name: 'stage', kind: 'check', columns: ['title'], literals: ['open', 'closed'] }]
}
const RUNS: Table = {
  name: 'runs',
  columns: [column('tenant_id'), column('id', { type: 'integer' }), column('deal_id')],
  constraints: [primary, { name: 'fk', kind: 'foreign', columns: ['tenant_id', 'deal_id'], parent: 'deals', parentColumns: ['tenant_id', 'id'], literals: [] }]
}
const TABLES = [DEALS, RUNS]

function party (id: string, number: number, rows: Readonly<Record<string, readonly Row[]>>): Party {
  const made = partyOf({ id, token: 'token', headers: { authorization: `Bearer ${id}` } }, number, 'shared')
  for (const [table, list] of Object.entries(rows)) made.rows.set(table, list)
  return made
}

const caller = party('acme', 1, { deals: [{ id: 'k1', title: 'open' }, { id: 'a2', title: 'open' }], runs: [{ id: 1, deal_id: 'k1' }, { id: 11, deal_id: 'a2' }] })
const other = party('globex', 2, { deals: [{ id: 'k1', title: 'open' }, { id: 'g2', title: 'open' }, { id: 'g3', title: 'open' }], runs: [{ id: 1, deal_id: 'k1' }, { id: 21, deal_id: 'g2' }] })

const part = (more: Partial<Part> = {}): Part => ({ caller, other, whose: 'own', salt: 5, isLast: false, ...more })
const route = (method: string, url: string, schema: Route['schema'] = {}): Route => ({ method, url, schema, isPublic: false, isOptional: false, isWebSocket: false, headers: {} })
const calling = (asked: Route, more: Partial<Part> = {}, options: Parameters<typeof planCall>[4] = {}, at = 0) => {
  const recipe = recipesOf(asked, TABLES, options)[at]
  if (recipe === undefined) throw new Error('there is no recipe')
  return planCall(asked, recipe, part(more), TABLES, options)
}

t.test('a path names rows', async (t) => {
  const one = route('GET', '/deals/:id')
  t.equal(calling(one).call.path, '/deals/k1', 'the caller\'s whose key both tenants have')
  t.equal(calling(one, { isLast: true }).call.path, '/deals/a2', 'or its last, to be deleted')
  t.equal(calling(one, { whose: 'foreign' }).call.path, '/deals/g2', 'one of the other tenant\'s alone')
  const nobodys = calling(one, { whose: 'nobody' })
  t.notMatch(nobodys.call.path, /k1|a2|g2/, 'or one that nobody has')
  t.same(nobodys.sent, [nobodys.call.path.split('/')[2]], 'and what was sent is known')
  t.equal(calling(route('GET', '/runs/:id'), { whose: 'nobody' }).call.path, '/runs/526')
  t.equal(calling(route('GET', '/elsewhere/:anything')).call.method, 'GET')
})

t.test('a call is its tenant\'s, with headers of the options, of the route, and with its queries', async (t) => {
  t.same(calling(route('GET', '/deals')).call.headers, { authorization: 'Bearer acme' })
  const options = { headers: () => ({ cookie: 'acme' }), routes: { 'GET /deals': { headers: () => ({ 'x-a': '1' }), query: () => ({ page: 2, tag: ['a', 'b'] }) } } }
  t.match(calling(route('GET', '/deals'), {}, options).call, { path: '/deals?page=2&tag=a&tag=b', headers: { cookie: 'acme', 'x-a': '1' } })
  t.equal(calling(route('GET', '/deals', { querystring: { properties: { limit: { type: 'integer' } }, required: ['limit'] } })).call.path, '/deals?limit=3')
})

t.test('a route that only a header tells from another is called with it, and by its own name', async (t) => {
  const second = { ...route('GET', '/deals'), headers: { 'accept-version': '2.0.0' } }
  t.match(calling(second).call.headers, { 'accept-version': '2.0.0', authorization: 'Bearer acme' })
  t.equal(nameOf(second), 'GET /deals (accept-version: 2.0.0)')
  const options = { routes: { 'GET /deals': { query: () => ({ page: 1 }) }, 'GET /deals (accept-version: 2.0.0)': { query: () => ({ page: 2 }) } } }
  t.equal(calling(second, {}, options).call.path, '/deals?page=2')
  t.equal(calling({ ...second, headers: { host: 'other' } }, {}, options).call.path, '/deals?page=1', 'or by that of all routes with this path')
})

t.test('what takes few values is no id, not even in a key', async (t) => {
  const kinds: Table = { name: 'kinds', columns: [column('tenant_id'), column('deal_id'), column('kind', { labels: ['new', 'old'] })], constraints: [{ ...primary, columns: ['tenant_id', 'deal_id', 'kind'] }] }
  const rows = { kinds: [{ deal_id: 'k1', kind: 'new' }, { deal_id: 'g2', kind: 'new' }] }
  const asked = route('PUT', '/kinds', { body: { properties: { kind: { type: 'string' } } } })
  const [recipe] = recipesOf(asked, [kinds], {})
  if (recipe === undefined) throw new Error('there is no recipe')
  const bodyFor = (whose: Part['whose'], url: string): unknown => planCall({ ...asked, url }, recipe, part({ whose, caller: party('acme', 1, rows), other: party('globex', 2, rows) }), [kinds], { routes: { [`PUT ${url}`]: { query: ({ row }) => ({ ...row('kinds') }) } } }).call
  t.match(bodyFor('nobody', '/kinds'), { body: { kind: 'old' }, path: /deal_id=k[0-9a-f]&kind=new/ })
})

t.test('a body is made of the schema, and names what its properties name', async (t) => {
  const schema = { body: { type: 'object', properties: { deal_id: { type: 'string' }, note: { type: 'string' } }, required: ['deal_id'] } }
  const add = route('POST', '/runs', schema)
  t.match(calling(add).call.body, { deal_id: 'k1', note: /./ })
  t.match(calling(add, { whose: 'foreign' }).call.body, { deal_id: 'g2' })
  t.same(Object.keys(Object(calling(add, {}, {}, 1).call.body)), ['deal_id'], 'less where less is enough')
  t.equal(calling(add, {}, {}, 2).call.body, undefined, 'and none at last')
})

t.test('a body is made of the table where there is no schema', async (t) => {
  const full = Object(calling(route('POST', '/deals')).call.body)
  t.same(Object.keys(full).sort(), ['amount', 'id', 'is_won', 'title'], 'without the tenant, what is generated, and defaults')
  t.equal(full.title, 'closed', 'of the values that a check takes')
  t.not(full.id, 'k1', 'with a key that is not there yet')
  t.equal(Object(calling(route('POST', '/deals'), { whose: 'foreign' }).call.body).id, 'g2', 'or with the other tenant\'s, to ask whether it is there')
  t.same(Object.keys(Object(calling(route('POST', '/deals'), {}, {}, 1).call.body)).sort(), ['amount', 'id', 'title'])
  t.match(calling(route('POST', '/nothing')).call.body, { name: /./, title: /./ }, 'and of a guess where there is no table')
  t.equal(calling(route('DELETE', '/deals/:id')).call.body, undefined)
  t.equal(calling(route('GET', '/deals')).call.body, undefined)
})

t.test('what the options say goes before every guess', async (t) => {
  const options = { routes: { 'PUT /deals/:id': { params: ({ row }: { row (table: string): Row }) => ({ id: row('deals')['id'] }), body: ({ mark }: { mark: string }) => ({ mark }) } } }
  const planned = calling(route('PUT', '/deals/:id'), { whose: 'foreign' }, options)
  t.match(planned, { call: { path: '/deals/g2', body: { mark: /5$/ } }, sent: ['g2', 'open'] })
  t.equal(recipesOf(route('PUT', '/deals/:id'), TABLES, options).length, 3)
  t.ok(recipesOf(route('PUT', '/a/:x/:y/:z'), TABLES, {}).length <= 16, 'and guesses have an end')
})
