import t from 'tap'
import type { Table } from '../../../../../lib/faces/testing/leak-suite/catalog.ts'
import { fill, parametersOf, patternOf, referenceOfName, referencesOfParameter, tableNamed, tableOfUrl } from '../../../../../lib/faces/testing/leak-suite/references.ts'

const table = (name: string, foreign: Readonly<Record<string, string>> = {}): Table => ({
  name,
  columns: ['tenant_id', 'id', 'title', ...Object.keys(foreign)].map((column) => ({ name: column, type: 'text', isRequired: true, hasDefault: false, isGenerated: false, labels: [] })),
  constraints: [
    { name: 'pk', kind: 'primary', columns: ['tenant_id', 'id'], parent: '', parentColumns: [], literals: [] },
    ...Object.entries(foreign).map(([column, parent]) => ({ name: 'fk', kind: 'foreign' as const, columns: ['tenant_id', column], parent, parentColumns: ['tenant_id', 'id'], literals: [] }))
  ]
})

const TABLES = [table('deals'), table('agent_runs', { deal_id: 'deals' }), table('user_sessions')]

t.test('a path segment means a table', async (t) => {
  for (const [word, name] of [['deals', 'deals'], ['deal', 'deals'], ['agent-runs', 'agent_runs'], ['runs', 'agent_runs'], ['sessions', 'user_sessions'], ['nothing', undefined]] as const) {
    t.equal(tableNamed(TABLES, word)?.name, name, word)
  }
  t.equal(tableOfUrl(TABLES, '/api/v1/deals/:id/runs')?.name, 'agent_runs')
})

t.test('a name means a column', async (t) => {
  const runs = TABLES[1]
  t.same(referenceOfName(TABLES, 'dealId', undefined), { table: 'deals', column: 'id' })
  t.same(referenceOfName(TABLES, 'deal_id', runs), { table: 'deals', column: 'id' })
  t.same(referenceOfName(TABLES, 'id', runs), { table: 'agent_runs', column: 'id' })
  t.same(referenceOfName(TABLES, 'title', runs), { table: 'agent_runs', column: 'title' })
  t.equal(referenceOfName(TABLES, 'tenant_id', runs), undefined)
  t.same(referencesOfParameter(TABLES, '/deals/:id/runs/:runId', 'id')[0], { table: 'deals', column: 'id' })
  t.same(referencesOfParameter(TABLES, '/deals/:id/runs/:runId', 'runId')[0], { table: 'agent_runs', column: 'id' })
})

t.test('parameters are filled in', async (t) => {
  t.same(parametersOf('/a/:id(^\\d+$)/b/:other?'), ['id', 'other'])
  t.equal(fill('/a/:id/b', new Map([['id', 'x/y']])), '/a/x%2Fy/b')
})

t.test('several parameters may stand between two slashes, with patterns, and a colon that is doubled is one', async (t) => {
  const url = '/at/:hour(^\\d{2})h:minute(^(?:\\d|[0-5])m$)/:name.:ext/::verb'
  t.same(parametersOf(url), ['hour', 'minute', 'name', 'ext'])
  t.equal(fill(url, new Map([['hour', '12'], ['minute', '30'], ['name', 'a'], ['ext', 'png']])), '/at/12h30/a.png/:verb')
  t.equal(patternOf(url, 'hour'), '^\\d{2}')
  t.equal(patternOf(url, 'name'), undefined)
  t.equal(patternOf(url, 'nobody'), undefined)
  t.same(referencesOfParameter(TABLES, '/deals/:id-:title', 'title')[0], { table: 'deals', column: 'title' })
})

t.test('a word that fits several tables, or none, means none', async (t) => {
  const two = [table('open_deals'), table('closed_deals'), table('boss'), table('parties')]
  t.equal(tableNamed(two, 'deals'), undefined)
  t.equal(tableNamed(two, '--'), undefined)
  t.equal(tableNamed(two, 'boss')?.name, 'boss', 'an s that is no plural')
  t.equal(tableNamed(two, 'party')?.name, 'parties')
  t.equal(tableNamed(two, 'clos')?.name, 'closed_deals', 'a beginning is enough where it is the only one')
  t.equal(tableOfUrl(two, '/api/:id'), undefined)
})

t.test('a name that means no column means none', async (t) => {
  t.equal(referenceOfName(TABLES, 'anything', undefined), undefined)
  t.equal(referenceOfName(TABLES, 'nothing_id', undefined), undefined)
  t.equal(referenceOfName(TABLES, 'colour', TABLES[0]), undefined)
  const keyless = { ...table('notes'), constraints: [] }
  t.same(referenceOfName([keyless], 'id', keyless), { table: 'notes', column: 'id' }, 'a column, where it is no key')
  t.equal(referenceOfName([keyless], 'note_id', undefined), undefined)
  t.same(referencesOfParameter([keyless], '/things/:thing', 'thing'), [], 'and a parameter nothing')
})

t.test('a wildcard is a parameter, and a path without a slash stays one', async (t) => {
  t.same(parametersOf('/files/*'), ['*'])
  t.equal(fill('files/*', new Map([['*', 'a b']])), 'files/a%20b')
  t.equal(fill('/deals/:id', new Map()), '/deals/')
})
