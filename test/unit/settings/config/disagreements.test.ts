import t from 'tap'
import { disagreements } from '../../../../lib/settings/config/index.ts'

t.test('disagreements()', async (t) => {
  t.test('tells what options and environment give differently, without the values', async (t) => {
    const found = disagreements({ tenantId: 'acme', mode: 'single', enforce: true, database: 'postgres://app@one/x' },
      { TENANT_ID: 'globex', TENANT_MODE: 'single', ENFORCE_TENANT_ISOLATION: 'false', DATABASE_URL: 'postgres://app:hunter2@two/x' })
    t.same(found, [{ option: 'tenantId', variable: 'TENANT_ID' }, { option: 'enforce', variable: 'ENFORCE_TENANT_ISOLATION' }, { option: 'database', variable: 'DATABASE_URL' }])
    t.notMatch(JSON.stringify(found), /hunter2|globex/)
  })

  t.test('is silent where only one of them says something, or both say the same', async (t) => {
    t.same(disagreements({ tenantId: 'acme' }, { TENANT_ID: '', TENANT_MODE: 'multi' }), [])
    t.same(disagreements({ enforce: false, migrations: './migrations' }, { ENFORCE_TENANT_ISOLATION: '0', TENANT_MIGRATIONS: '/service/migrations' }), [])
  })
})
