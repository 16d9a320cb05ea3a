import t from 'tap'
import { type Policy, conditionOf, shapeOf, tryRowsSql } from '../../../../../lib/operations/audit/trying/shapes.ts'

const policy = (command: string, using: string | null, check: string | null = null, permissive = true): Policy => ({ command, permissive, using, check })

t.test('conditionOf() puts policies together as PostgreSQL does', async (t) => {
  t.equal(conditionOf([], 'reads'), 'false', 'without any, no row is let through')
  t.equal(conditionOf([policy('*', 'a'), policy('r', 'b')], 'reads'), '((a) or (b))')
  t.equal(conditionOf([policy('w', 'a')], 'reads'), 'false', 'one for another command says nothing')
  t.equal(conditionOf([policy('*', 'a'), policy('*', 'b', null, false)], 'deletes'), '((a)) and (b)')
  t.equal(conditionOf([policy('*', 'a', null, false)], 'deletes'), 'false', 'restrictive ones alone open nothing')
  t.equal(conditionOf([policy('*', 'a', 'c')], 'updates'), '((a))')
  t.equal(conditionOf([policy('*', 'a', 'c')], 'moves'), '((c))')
  t.equal(conditionOf([policy('*', 'a')], 'inserts'), '((a))', 'USING stands in for WITH CHECK')
  t.equal(conditionOf([policy('a', null)], 'inserts'), '((true))')
})

t.test('shapeOf()', async (t) => {
  const row = { tables: [{ name: 's.deals', repair: 'enable' }], alias: 'deals', column: 'tenant_id', type: 'text', shared: true, readable: true, indexed: false, policies: [{ command: '*', permissive: true, using: 'a', check: null }] }

  t.test('reads what the catalog says of tables that are alike', async (t) => {
    t.same(shapeOf(row), { tables: row.tables, alias: 'deals', column: 'tenant_id', kind: 'text', isShared: true, isReadable: true, isIndexed: false, policies: [policy('*', 'a')] })
  })

  t.test('knows which values a column can hold', async (t) => {
    const kinds = { 'character varying': 'text', uuid: 'uuid', integer: 'number', bigint: 'number', date: 'other' }
    for (const [type, kind] of Object.entries(kinds)) t.equal(shapeOf({ ...row, type }).kind, kind, type)
    t.equal(shapeOf({ ...row, type: null }).kind, 'text', 'the registry, whose ids are texts')
  })

  t.test('refuses what it cannot read, because it must not read as "nothing came through"', async (t) => {
    t.throws(() => shapeOf({ ...row, policies: null }), /cannot be read/)
    t.throws(() => shapeOf({ ...row, tables: 'deals' }), /cannot be read/)
  })

  t.test('asks about rows of somebody, and of nobody', async (t) => {
    t.match(tryRowsSql(shapeOf(row), ['ac\'me', null]), /values \('ac''me'\), \(null\)[^]*null::s\.deals[^]*as "deals"/)
  })
})
