import t from 'tap'
import postgres from 'postgres'
import { TENANT_ROW_SQL, createOwnerRegistry, createRegistryReader } from '../../lib/data/registry/index.ts'
import { provision } from '../../lib/operations/provisioning/index.ts'
import { parseTenantId } from '../../lib/words/names.ts'
import { type OperationsScene, operationsScene } from '../support/operations.ts'

/** Reads rows as a lane does: as the application's role, with the tenant's settings. */
function readerOf (t: { teardown (fn: () => unknown): void }, { appUrl }: OperationsScene, cacheMs = 60_000) {
  const app = postgres(appUrl, { max: 1 })
  t.teardown(() => app.end({ timeout: 5 }))
  return createRegistryReader({
    cacheMs,
    sharedSchema: 'shared',
    readRow: (id) => app.begin(async (tx) => {
      await tx`select set_config('app.tenant_id', ${id}, true)`
      return tx.unsafe(TENANT_ROW_SQL, [id])
    })
  })
}

const acme = parseTenantId('acme')

t.test('the registry', async (t) => {
  t.test('is read by the application one tenant at a time', async (t) => {
    const scene = await operationsScene(t)
    for (const id of ['acme', 'globex']) await provision(scene.configOf(), { id })
    const reader = readerOf(t, scene)
    t.match(await reader.find(acme), { id: 'acme', status: 'active', isolation: 'schema+rls', schema: 'tenant_acme', createdAt: Date })
    await t.rejects(reader.find(parseTenantId('initech')), { code: 'FST_TENANCY_TENANT_UNKNOWN' })
    t.same(await scene.asApp('acme', 'shared', 'select id from zakops_tenancy.tenants'), [{ id: 'acme' }])
    t.same(await scene.asApp('', 'shared', 'select id from zakops_tenancy.tenants'), [])
    await scene.admin`alter table zakops_tenancy.tenants disable row level security`
    t.equal((await scene.asApp('acme', 'shared', 'select id from zakops_tenancy.tenants')).length, 2, 'row security is what holds')
  })

  t.test('cannot be written by the application, and its ledger not read', async (t) => {
    const scene = await operationsScene(t)
    await provision(scene.configOf(), { id: 'acme' })
    for (const text of ["update zakops_tenancy.tenants set status = 'active'", 'delete from zakops_tenancy.tenants', 'select from zakops_tenancy.migrations',
      "insert into zakops_tenancy.tenants values ('x', 'x', 'active', 'schema', 'tenant_x')", 'truncate zakops_tenancy.tenants']) {
      await t.rejects(scene.asApp('acme', 'shared', text), { code: '42501' }, text)
    }
  })

  t.test('is listed and changed by the owner', async (t) => {
    const scene = await operationsScene(t)
    for (const id of ['globex', 'acme', 'Zeta']) await provision(scene.configOf(), { id })
    const registry = createOwnerRegistry(scene.configOf())
    t.same((await registry.list()).map(({ id }) => id), ['Zeta', 'acme', 'globex'])
    t.match(await registry.setStatus(acme, 'suspended'), { id: 'acme', status: 'suspended' })
    t.match(await readerOf(t, scene).find(acme), { status: 'suspended' })
    await t.rejects(registry.setStatus(parseTenantId('initech'), 'active'), { code: 'FST_TENANCY_TENANT_UNKNOWN' })
  })

  t.test('says that it cannot be read', async (t) => {
    const scene = await operationsScene(t, { isSetUp: false })
    await t.rejects(readerOf(t, scene).find(acme), { code: 'FST_TENANCY_REGISTRY_UNAVAILABLE', cause: { code: '42P01' } })
    await t.rejects(createOwnerRegistry(scene.configOf()).list(), { code: 'FST_TENANCY_PROVISION_NOT_SET_UP' })
  })

  t.test('is not believed when a row leads to the schema of another tenant', async (t) => {
    const scene = await operationsScene(t)
    for (const id of ['acme', 'globex']) await provision(scene.configOf(), { id })
    const reader = readerOf(t, scene)
    await scene.admin`update zakops_tenancy.tenants set schema = 'tenant_initech' where id = 'acme'`
    await t.rejects(reader.find(acme), { code: 'FST_TENANCY_REGISTRY_UNAVAILABLE' })
    await scene.admin`update zakops_tenancy.tenants set schema = 'tenant_acme' where id = 'acme'`
    t.match(await reader.find(acme), { id: 'acme' }, 'a failed read is not kept')
    await t.rejects(scene.admin`update zakops_tenancy.tenants set schema = 'tenant_globex' where id = 'acme'`, { code: '23505' })
    await t.rejects(scene.admin`insert into zakops_tenancy.tenants values ('ACME', 'x', 'active', 'schema', 'tenant_ACME')`, { code: '23505' })
  })
})
