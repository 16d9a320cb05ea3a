import t from 'tap'
import { settingsOf, strategyOf } from '../../../../lib/data/isolation/index.ts'
import { parseTenantId } from '../../../../lib/words/names.ts'
import type { IsolationStrategyName, Tenant } from '../../../../lib/words/types.ts'

const acme = parseTenantId('acme')
const place = { sharedSchema: 'shared' }

function tenantOf (isolation: IsolationStrategyName): Tenant {
  const schema = strategyOf(isolation).schemaOf(acme, place)
  return { id: acme, name: 'Acme', status: 'active', isolation, schema, createdAt: new Date(0) }
}

t.test('strategyOf()', async (t) => {
  t.test('says where rows are and whether policies hold them', async (t) => {
    for (const [name, hasOwnSchema, hasPolicies] of [['schema', true, false], ['rls', false, true], ['schema+rls', true, true]] as const) {
      t.match(strategyOf(name), { name, hasOwnSchema, hasPolicies })
      t.equal(strategyOf(name).schemaOf(acme, place), hasOwnSchema ? 'tenant_acme' : 'shared')
    }
  })

  t.test('refuses a strategy that is not there yet', async (t) => {
    t.throws(() => strategyOf('database'), { code: 'FST_TENANCY_OPTIONS_INVALID' })
  })
})

t.test('settingsOf()', async (t) => {
  t.test('holds only what the strategy names, pg_temp last', async (t) => {
    t.same(settingsOf(tenantOf('schema'), 'extensions'), { searchPath: '"tenant_acme", "extensions", pg_temp', schema: 'tenant_acme', tenantId: 'acme' })
    t.same(settingsOf(tenantOf('schema+rls'), 'ext'), { searchPath: '"tenant_acme", "ext", pg_temp', schema: 'tenant_acme', tenantId: 'acme' })
    t.same(settingsOf(tenantOf('rls'), 'extensions'), { searchPath: '"shared", pg_temp', schema: 'shared', tenantId: 'acme' })
  })
})
