import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import postgres from 'postgres'
import { TENANT_ROW_SQL, VERSION_SQL, createOwnerRegistry, createRegistryReader } from '../../lib/data/registry/index.ts'
import { provision } from '../../lib/operations/provisioning/index.ts'
import { setUpDatabase } from '../../lib/operations/roles/index.ts'
import { parseTenantId } from '../../lib/words/names.ts'
import { type OperationsScene, operationsScene } from '../support/operations.ts'

/** Reads rows as a lane does: as the application's role, with the tenant's settings. */
function readerOf (t: { teardown (fn: () => unknown): void }, { appUrl }: OperationsScene, cacheMs = 60_000) {
  const app = postgres(appUrl, { max: 1 })
  t.teardown(() => app.end({ timeout: 5 }))
  return createRegistryReader({
    cacheMs,
    naming: { sharedSchema: 'shared', databasePrefix: 'tenant_' },
    readVersion: () => app.unsafe(VERSION_SQL),
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

t.test('the version of the registry', async (t) => {
  const versionIn = async ({ asApp }: OperationsScene) => String((await asApp('', 'shared', VERSION_SQL))[0]?.['version'])

  t.test('changes with every change of a tenant, whoever makes it and in whatever way', async (t) => {
    const scene = await operationsScene(t)
    await provision(scene.configOf(), { id: 'acme' })
    await provision(scene.configOf(), { id: 'globex', isolation: 'rls' })
    const changes: Array<readonly [string, () => Promise<unknown>]> = [
      ['setStatus', () => createOwnerRegistry(scene.configOf()).setStatus(acme, 'suspended')],
      ['provision', () => provision(scene.configOf(), { id: 'initech', isolation: 'rls' })],
      ['the owner by hand', () => scene.asOwner('', 'shared', "update zakops_tenancy.tenants set status = 'active'")],
      ['a replication worker', () => scene.admin.begin(async (tx) => {
        await tx`set local session_replication_role = replica`
        await tx`update zakops_tenancy.tenants set status = 'suspended' where id = 'acme'`
      })],
      ['constraints made immediate', () => scene.admin.begin(async (tx) => {
        await tx`set constraints all immediate`
        await tx`update zakops_tenancy.tenants set name = 'x' where id = 'acme'`
      })],
      ['delete', () => scene.admin`delete from zakops_tenancy.tenants where id = 'initech'`],
      ['truncate', () => scene.admin`truncate zakops_tenancy.tenants`],
      ['set-up', () => setUpDatabase({ adminDatabase: scene.adminUrl, owner: { name: scene.ownerRole }, app: { name: scene.appRole } })]
    ]
    const seen = new Set([await versionIn(scene)])
    for (const [name, change] of changes) {
      await change()
      const version = await versionIn(scene)
      t.notOk(seen.has(version), name)
      seen.add(version)
    }
    t.equal(await versionIn(scene), await versionIn(scene), 'and is the same while nothing changes')
    await t.rejects(scene.admin.begin(async (tx) => {
      await tx`insert into zakops_tenancy.tenants values ('x', 'x', 'active', 'rls', 'shared')`
      throw new Error('rolled back')
    }))
    t.ok(seen.has(await versionIn(scene)), 'or is rolled back')
  })

  t.test('comes back when its row was deleted', async (t) => {
    const scene = await operationsScene(t)
    await scene.admin`delete from zakops_tenancy.registry_version`
    t.equal(await versionIn(scene), 'undefined')
    await provision(scene.configOf(), { id: 'acme' })
    t.match(await versionIn(scene), /^[0-9a-f-]{36}$/)
  })

  t.test('is not held by a long provisioning', async (t) => {
    const scene = await operationsScene(t)
    for (const id of ['acme', 'globex']) await provision(scene.configOf(), { id })
    await scene.admin.begin(async (tx) => {
      await tx`update zakops_tenancy.tenants set name = 'long' where id = 'globex'`
      await tx`insert into zakops_tenancy.tenants values ('initech', 'x', 'active', 'rls', 'shared')`
      const registry = createOwnerRegistry(scene.configOf(undefined, { timeouts: { acquire: 500 } }))
      t.match(await registry.setStatus(acme, 'suspended'), { status: 'suspended' })
    })
    t.match(await readerOf(t, scene).find(parseTenantId('globex')), { name: 'long' })
  })

  t.test('cannot be written by the application', async (t) => {
    const scene = await operationsScene(t)
    for (const text of ['update zakops_tenancy.registry_version set version = version', 'delete from zakops_tenancy.registry_version',
      'insert into zakops_tenancy.registry_version select * from zakops_tenancy.registry_version', 'select zakops_tenancy.change_version()']) {
      await t.rejects(scene.asApp('acme', 'shared', text), { code: '42501' }, text)
    }
  })

  t.test('changes ten thousand rows without ten thousand versions', async (t) => {
    const scene = await operationsScene(t)
    const start = performance.now()
    await scene.admin`insert into zakops_tenancy.tenants select 't' || i, 'x', 'active', 'rls', 'shared' from generate_series(1, 10000) i`
    t.ok(performance.now() - start < 5_000)
    t.match(await readerOf(t, scene).find(parseTenantId('t10000')), { id: 't10000' })
  })

  t.test('lets a suspension by hand be felt, by a process that believes its answers for as long as the version is the same', async (t) => {
    const scene = await operationsScene(t)
    for (const id of ['acme', 'globex']) await provision(scene.configOf(), { id })
    const reader = readerOf(t, scene, 300)
    const found = await reader.find(acme)
    await sleep(350)
    t.equal(await reader.find(acme), found, 'it is the same answer, after more than its time')
    await scene.admin`update zakops_tenancy.tenants set status = 'suspended' where id = 'acme'`
    const change = performance.now()
    while ((await reader.find(acme)).status === 'active') await sleep(5)
    t.ok(performance.now() - change < 400)
    t.match(await reader.find(parseTenantId('globex')), { status: 'active' })
  })
})
