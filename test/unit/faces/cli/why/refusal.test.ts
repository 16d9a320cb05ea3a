import t from 'tap'
import { fromLine, fromTable } from '../../../../../lib/faces/cli/why/refusal.ts'

const ID = '4f0c2a91be77d503'
const LINE = {
  time: Date.UTC(2026, 10, 26),
  errorId: ID,
  route: '/deals',
  reason: 'FST_TENANCY_CLAIM_MISSING',
  err: { message: 'The token has no tenant.' },
  tenancy: { mode: 'multi', claim: 'org.id', claimed: 'acme', registry: { id: 'acme', status: 'active', schema: 7 }, path: '"tenant_acme", pg_temp', role: 'app' }
}
const FOUND = {
  at: '2026-11-26T00:00:00.000Z',
  route: '/deals',
  reason: 'FST_TENANCY_CLAIM_MISSING',
  message: 'The token has no tenant.',
  mode: 'multi',
  claim: 'org.id',
  claimed: 'acme',
  registry: { id: 'acme', status: 'active' },
  path: '"tenant_acme", pg_temp',
  role: 'app'
}

t.test('a refusal in a log', async (t) => {
  t.test('is found in a line of pino, behind whatever stands in front, and wrapped by a collector', async (t) => {
    const json = JSON.stringify(LINE)
    for (const line of [json, `2026-11-26 web-1 | ${json}`, JSON.stringify({ log: `${json}\n`, stream: 'stdout' }), JSON.stringify({ message: `prefix ${json}` })]) t.same(fromLine(line, ID), FOUND, line)
  })

  t.test('is no other\'s, and not in what is no JSON', async (t) => {
    for (const line of [JSON.stringify({ ...LINE, errorId: 'ffffffffffffffff' }), `{"errorId":"${ID}"`, `${ID}`, 'null', '[]', JSON.stringify({ message: `${ID} in a sentence` })]) t.equal(fromLine(line, ID), undefined, line)
  })

  t.test('has what the line has, and nothing is made up for the rest', async (t) => {
    const empty = { at: '', route: '', reason: '', message: '', mode: '', claim: '', claimed: undefined, registry: {}, path: undefined, role: '' }
    t.same(fromLine(JSON.stringify({ errorId: ID }), ID), empty)
    t.same(fromLine(JSON.stringify({ errorId: ID, time: 'yesterday', tenancy: 'x', err: null, route: 3 }), ID), empty)
    t.match(fromLine(JSON.stringify({ errorId: ID, time: '2026-11-26T00:00:00Z' }), ID), { at: '2026-11-26T00:00:00.000Z' })
  })
})

t.test('a refusal in the table has its own time and no message', async (t) => {
  const { tenancy, route, reason } = LINE
  t.same(fromTable('now', { ...tenancy, route, reason }), { ...FOUND, at: 'now', message: '' })
  t.match(fromTable('now', null), { at: 'now', reason: '', registry: {} })
})
