import t from 'tap'
import { settingsOf, strategyOf } from '../../../../lib/data/isolation/index.ts'
import { parseTenantId } from '../../../../lib/words/names.ts'
import type { IsolationStrategyName, Tenant } from '../../../../lib/words/types.ts'

const acme = parseTenantId('acme')
const place = { sharedSchema: 'shared', databasePrefix: 'tenant_' }

function tenantOf (isolation: IsolationStrategyName): Tenant {
  const schema = strategyOf(isolation).schemaOf(acme, place)
  return { id: acme, name: 'Acme', status: 'active', isolation, schema, server: 'default', database: null, migration: '', isMoving: false, createdAt: new Date(0) }
}

t.test('strategyOf()', async (t) => {
  t.test('says where rows are and whether policies hold them', async (t) => {
    for (const [name, hasOwnSchema, hasPolicies] of [['schema', true, false], ['rls', false, true], ['schema+rls', true, true]] as const) {
      t.match(strategyOf(name), { name, hasOwnSchema, hasPolicies })
      t.equal(strategyOf(name).schemaOf(acme, place), hasOwnSchema ? 'tenant_acme' : 'shared')
    }
  })

  t.test('gives a database of its own to a tenant of `database` only', async (t) => {
    t.equal(strategyOf('database').databaseOf(acme, place), 'tenant_acme')
    t.equal(strategyOf('database').schemaOf(acme, place), 'shared')
    for (const name of ['schema', 'rls', 'schema+rls'] as const) t.equal(strategyOf(name).databaseOf(acme, place), null)
  })
})

t.test('settingsOf()', async (t) => {
  t.test('holds only what the strategy names, pg_temp last', async (t) => {
    t.same(settingsOf(tenantOf('schema'), 'extensions'), { searchPath: '"tenant_acme", "extensions", pg_temp', schema: 'tenant_acme', tenantId: 'acme' })
    t.same(settingsOf(tenantOf('schema+rls'), 'ext'), { searchPath: '"tenant_acme", "ext", pg_temp', schema: 'tenant_acme', tenantId: 'acme' })
    t.same(settingsOf(tenantOf('rls'), 'extensions'), { searchPath: '"shared", pg_temp', schema: 'shared', tenantId: 'acme' })
  })
})
