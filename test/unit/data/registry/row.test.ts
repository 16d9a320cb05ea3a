import t from 'tap'
import { parseTenant } from '../../../../lib/data/registry/index.ts'

const row = { id: 'acme', name: 'Acme', status: 'active', strategy: 'schema', schema: 'tenant_acme', server: 'default', database: null, migration: '', moving: 'false', created: '1700000000000' }
const place = { sharedSchema: 'shared', databasePrefix: 'tenant_' }

t.test('parseTenant()', async (t) => {
  t.test('returns a frozen tenant', async (t) => {
    const tenant = parseTenant(row, place)
    t.same(tenant, { id: 'acme', name: 'Acme', status: 'active', isolation: 'schema', schema: 'tenant_acme', server: 'default', database: null, migration: '', isMoving: false, createdAt: new Date(1_700_000_000_000) })
    t.ok(Object.isFrozen(tenant))
    t.match(parseTenant({ ...row, strategy: 'database', schema: 'shared', server: 'eu', database: 'tenant_acme' }, place), { isolation: 'database', server: 'eu', database: 'tenant_acme' })
    t.match(parseTenant({ ...row, strategy: 'rls', schema: 'shared' }, place), { isolation: 'rls', schema: 'shared' })
  })

  t.test('does not believe a row of another shape, or one that leads elsewhere', async (t) => {
    for (const change of [
      { id: 'a b' }, { id: 1 }, { status: 'gone' }, { strategy: 'database' }, { database: 'tenant_acme' }, { strategy: 'database', schema: 'shared', database: 'tenant_globex' }, { created: '' }, { moving: 'maybe' }, { name: null },
      { schema: 'tenant_globex' }, { schema: 'shared' }, { schema: 'public' }, { strategy: 'rls' }, { strategy: 'rls', schema: 'other' }
    ]) t.throws(() => parseTenant({ ...row, ...change }, place), JSON.stringify(change))
    for (const value of [null, undefined, [], 'acme']) t.throws(() => parseTenant(value, place))
  })
})
