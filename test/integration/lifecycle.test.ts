import t from 'tap'
import { archiveTenant, deletePending, deleteTenant, renameTenant, restoreTenant, switchTenant } from '../../lib/operations/lifecycle/index.ts'
import { migrateTenants } from '../../lib/operations/fleet/index.ts'
import { provision } from '../../lib/operations/provisioning/index.ts'
import { createOwnerRegistry } from '../../lib/data/registry/index.ts'
import { parseTenantId } from '../../lib/words/names.ts'
import { DEALS, type OperationsScene, SHARED_DEALS, operationsScene } from '../support/operations.ts'

const acme = parseTenantId('acme')
const globex = parseTenantId('globex')

/** Both tenants, each with a deal of its own. */
async function scene (t: Parameters<typeof operationsScene>[0], isolation: 'schema+rls' | 'schema' | 'rls' = 'schema+rls') {
  const scene = await operationsScene(t)
  const config = scene.configOf({ '001_deals.sql': isolation === 'rls' ? SHARED_DEALS : DEALS }, { isolation })
  for (const id of ['acme', 'globex']) {
    const { schema } = await provision(config, { id, name: `${id} Corporation` })
    await scene.asApp(id, schema, `insert into deals (id, title) values (1, 'of ${id}')`)
  }
  return { ...scene, config }
}

const actionsOf = async ({ admin }: OperationsScene, id: string): Promise<readonly unknown[]> =>
  (await admin`select action from zakops_tenancy.audit_log where tenant = ${id} order by id`).map(({ action }) => action)

t.test('the status of a tenant', async (t) => {
  t.test('goes the ways that it may go, each as often as one likes, and each change is in the audit log once', async (t) => {
    const test = await scene(t)
    const { config, admin, ownerRole } = test
    t.match(await switchTenant(config, acme, 'suspend', { actor: 'billing' }), { status: 'suspended' })
    t.match(await switchTenant(config, acme, 'suspend', {}), { status: 'suspended' })
    t.match(await switchTenant(config, acme, 'resume', {}), { status: 'active' })
    t.match(await archiveTenant(config, acme, {}), { status: 'archived' })
    t.match(await archiveTenant(config, acme, {}), { status: 'archived' })
    t.match(await restoreTenant(config, acme, {}), { status: 'active' })
    t.match(await restoreTenant(config, acme, {}), { status: 'active' })
    t.same(await actionsOf(test, 'acme'), ['provision', 'suspend', 'resume', 'archive', 'restore'])
    t.same(await actionsOf(test, 'globex'), ['provision'])
    t.match(await admin`select * from zakops_tenancy.audit_log where action = 'suspend'`, [{ at: Date, actor: 'billing', session_role: ownerRole, tenant: 'acme', details: { from: 'active' } }])
  })

  t.test('does not go other ways, and the error says which there are', async (t) => {
    const { config } = await scene(t)
    const wrong = { code: 'FST_TENANCY_LIFECYCLE_TRANSITION' }
    await archiveTenant(config, acme, {})
    await t.rejects(switchTenant(config, acme, 'suspend', {}), { ...wrong, message: /is archived .* \(suspend\).* by restore, delete\./ })
    await t.rejects(switchTenant(config, acme, 'resume', {}), wrong)
    await t.rejects(createOwnerRegistry(config).setStatus(acme, 'active'), wrong)
    await t.rejects(provision(config, { id: 'acme' }), { code: 'FST_TENANCY_LIFECYCLE_ARCHIVED' })
    await switchTenant(config, globex, 'suspend', {})
    await t.rejects(restoreTenant(config, globex, {}), { ...wrong, message: /by resume, archive, delete\./ })
    await t.rejects(switchTenant(config, parseTenantId('initech'), 'suspend', {}), { code: 'FST_TENANCY_TENANT_UNKNOWN' })
    for (const { status } of await createOwnerRegistry(config).list()) t.match(status, /archived|suspended/)
  })

  t.test('changes with its entry in the audit log or not at all', async (t) => {
    const { config, admin } = await scene(t)
    await admin`alter table zakops_tenancy.audit_log add constraint full_disk check (action <> 'suspend')`
    await t.rejects(switchTenant(config, acme, 'suspend', {}), { code: 'FST_TENANCY_LIFECYCLE_FAILED', cause: { code: '23514' } })
    t.match(await createOwnerRegistry(config).list(), [{ id: 'acme', status: 'active' }, {}])
  })

  t.test('has nothing to do with its display name, which moves no data', async (t) => {
    const { config, asApp } = await scene(t)
    t.match(await renameTenant(config, acme, 'Acme & Sons', {}), { name: 'Acme & Sons', schema: 'tenant_acme' })
    t.same(await asApp('acme', 'tenant_acme', 'select title from deals'), [{ title: 'of acme' }])
    await t.rejects(renameTenant(config, acme, '', {}), { code: 'FST_TENANCY_OPTIONS_INVALID' })
  })
})

t.test('the audit log', async (t) => {
  t.test('and the proofs are only added to, by the owner and the administrator too', async (t) => {
    const { config, asOwner, asApp, admin } = await scene(t)
    await deleteTenant(config, globex, { force: true })
    for (const table of ['zakops_tenancy.audit_log', 'zakops_tenancy.deletions']) {
      const count = async () => (await admin.unsafe(`select from ${table}`)).count
      const before = await count()
      t.ok(before > 0)
      for (const text of [`update ${table} set tenant = 'x'`, `delete from ${table}`, `truncate ${table}`]) {
        await t.rejects(asOwner('', 'shared', text), { code: '42501', message: /append-only/ }, text)
        await t.rejects(admin.unsafe(text), { code: '42501' }, text)
        await t.rejects(asApp('acme', 'shared', text), { code: '42501' }, text)
      }
      await t.rejects(asApp('acme', 'shared', `select from ${table}`), { code: '42501' })
      t.equal(await count(), before)
    }
  })
})

t.test('an archived tenant', async (t) => {
  for (const isolation of ['schema+rls', 'schema'] as const) {
    t.test(`has no rights on its schema, and has them back with what it missed when it is restored (${isolation})`, async (t) => {
      const { config, configOf, asApp, admin } = await scene(t, isolation)
      await archiveTenant(config, acme, {})
      await t.rejects(asApp('acme', 'tenant_acme', 'select * from "tenant_acme".deals'), { code: '42501' })
      t.same(await asApp('globex', 'tenant_globex', 'select title from deals'), [{ title: 'of globex' }])
      t.equal((await admin`select from "tenant_acme".deals`).count, 1, 'the rows are there')
      const later = configOf({ '001_deals.sql': DEALS, '002_stage.sql': "alter table deals add stage text not null default 'new'" }, { isolation })
      t.match(await migrateTenants(later), { failed: 0, results: [{ tenantId: 'acme', state: 'skipped' }, { tenantId: 'globex', state: 'done' }] })
      await t.rejects(asApp('acme', 'tenant_acme', 'select * from "tenant_acme".deals'), { code: '42501' }, 'a migration gives nothing back')
      t.match(await restoreTenant(later, acme, {}), { status: 'active', migration: '002_stage.sql' })
      t.same(await asApp('acme', 'tenant_acme', 'select title, stage from deals'), [{ title: 'of acme', stage: 'new' }])
    })
  }
})

t.test('deleteTenant()', async (t) => {
  for (const isolation of ['schema+rls', 'schema', 'rls'] as const) {
    t.test(`archives at once, deletes after the grace time, and leaves a proof and nothing of another tenant's touched (${isolation})`, async (t) => {
      const test = await scene(t, isolation)
      const { config, asApp, admin } = test
      const schema = isolation === 'rls' ? 'shared' : 'tenant_acme'
      t.match(await deleteTenant(config, acme, { graceMs: 60_000 }), { status: 'pending', deleteAfter: Date })
      t.match(await createOwnerRegistry(config).list(), [{ id: 'acme', status: 'archived' }, { id: 'globex', status: 'active' }])
      t.match(await deleteTenant(config, acme), { status: 'pending' }, 'its time has not come')
      t.same(await deletePending(config), [])
      t.equal((await admin.unsafe(`select from "${schema}".deals where title = 'of acme'`)).count, 1)

      await deleteTenant(config, acme, { graceMs: 0, actor: 'support' })
      t.match(await deleteTenant(config, acme), { status: 'deleted' }, 'again, it says the same')
      t.equal((await admin`select from pg_namespace where nspname = 'tenant_acme'`).count, 0)
      if (isolation === 'rls') t.same([...await admin`select tenant_id from shared.deals`], [{ tenant_id: 'globex' }])
      else t.same(await asApp('globex', 'tenant_globex', 'select title from deals'), [{ title: 'of globex' }])
      const [proof] = await admin<{ record: string, digest: string, right: string }[]>`select *, encode(sha256(record::bytea), 'hex') as right from zakops_tenancy.deletions`
      t.equal(proof?.digest, proof?.right)
      t.match(JSON.parse(proof?.record ?? ''), { tenant: 'acme', isolation, actor: 'support', tables: { deals: 1 }, rows: 1, role: test.ownerRole })
      t.same(await actionsOf(test, 'acme'), ['provision', 'delete.requested', 'delete.requested', 'delete.started', 'delete.finished'])
      t.match(await createOwnerRegistry(config).list(), [{ id: 'acme', name: 'acme', status: 'deleted' }, { id: 'globex', status: 'active' }])
    })
  }

  t.test('never gives the id out again', async (t) => {
    const { config, asApp, admin } = await scene(t)
    await deleteTenant(config, acme, { force: true })
    for (const id of ['acme', 'ACME']) await t.rejects(provision(config, { id }), { code: 'FST_TENANCY_LIFECYCLE_ID_USED' })
    for (const back of [() => switchTenant(config, acme, 'resume', {}), () => archiveTenant(config, acme, {}), () => restoreTenant(config, acme, {})]) {
      await t.rejects(back(), { code: 'FST_TENANCY_LIFECYCLE_TRANSITION', message: /nothing, it is gone/ })
    }
    t.match(await migrateTenants(config), { failed: 0, results: [{ tenantId: 'globex', state: 'done' }] })
    t.equal((await admin`select from pg_namespace where nspname = 'tenant_acme'`).count, 0)
    t.same(await asApp('globex', 'tenant_globex', 'select title from deals'), [{ title: 'of globex' }])
  })

  t.test('is taken back by restore, until something was deleted', async (t) => {
    const { config, asApp } = await scene(t)
    await deleteTenant(config, acme, { graceMs: 60_000 })
    await restoreTenant(config, acme, {})
    t.same(await deletePending(config), [])
    t.same(await asApp('acme', 'tenant_acme', 'select title from deals'), [{ title: 'of acme' }])
    await t.rejects(deleteTenant(config, acme, { force: true, onProgress: ({ step }) => { if (step === 'objects') throw new Error('killed') } }), { code: 'FST_TENANCY_LIFECYCLE_FAILED' })
    await t.rejects(restoreTenant(config, acme, {}), { code: 'FST_TENANCY_LIFECYCLE_TRANSITION' })
    t.match(await deletePending(config), [{ tenantId: 'acme', proof: { record: /"rows":1/ } }], 'and goes on, with what was counted before')
  })

  t.test('asks before the first row goes, and deletes nothing if the answer is an error', async (t) => {
    const { config, admin } = await scene(t)
    const asked: string[] = []
    await t.rejects(deleteTenant(config, acme, { force: true, before: async ({ id }) => { asked.push(id); throw new Error('no space for the export') } }),
      { code: 'FST_TENANCY_LIFECYCLE_FAILED', cause: { message: /no space/ } })
    t.equal((await admin`select from "tenant_acme".deals`).count, 1)
    await deleteTenant(config, acme, { before: async ({ id }) => { asked.push(id) } })
    t.same(asked, ['acme', 'acme'])
    t.equal((await admin`select from pg_namespace where nspname = 'tenant_acme'`).count, 0)
  })

  t.test('takes no view or foreign key of another schema with it', async (t) => {
    const { config, admin, ownerRole } = await scene(t)
    await admin.unsafe(`create schema reports authorization ${ownerRole}; create view reports.titles as select title from "tenant_acme".deals`)
    await t.rejects(deleteTenant(config, acme, { force: true }), { code: 'FST_TENANCY_LIFECYCLE_FAILED', cause: { message: /another schema/ } })
    t.equal((await admin`select from reports.titles`).count, 1)
    await admin`drop view reports.titles`
    t.match(await deleteTenant(config, acme), { status: 'deleted' })
  })

  t.test('leaves a schema alone that was not made for this tenant, whatever the registry says (T-05)', async (t) => {
    const { config, admin } = await scene(t)
    const [{ mark } = {}] = await admin`select obj_description('tenant_acme'::regnamespace) as mark`
    await admin`comment on schema tenant_acme is 'of somebody else'`
    await t.rejects(deleteTenant(config, acme, { force: true }), { code: 'FST_TENANCY_LIFECYCLE_FAILED', cause: { message: /not marked as this tenant's/ } })
    t.match(await admin`select title from tenant_acme.deals`, [{ title: 'of acme' }])
    await admin.unsafe(`comment on schema tenant_acme is '${String(mark)}'`)
    t.match(await deleteTenant(config, acme, { force: true }), { status: 'deleted' })
    t.match(await admin`select title from tenant_globex.deals`, [{ title: 'of globex' }])
  })

  t.test('refuses what cannot be used', async (t) => {
    const { config } = await scene(t)
    for (const request of [{ graceMs: -1 }, { after: new Date('never') }, { graceMs: 1, after: new Date() }]) {
      await t.rejects(deleteTenant(config, acme, request), { code: 'FST_TENANCY_OPTIONS_INVALID' })
    }
    await t.rejects(deleteTenant(config, parseTenantId('initech'), { force: true }), { code: 'FST_TENANCY_TENANT_UNKNOWN' })
    t.match(await createOwnerRegistry(config).list(), [{ status: 'active' }, { status: 'active' }])
  })
})

t.test('rows in shared tables', async (t) => {
  t.test('go in the order of their foreign keys, circles too, and in batches', async (t) => {
    const { configOf, asApp, admin } = await operationsScene(t)
    const config = configOf({
      '001_tables.sql': `
        create table deals (tenant_id text not null, id int not null, parent int, primary key (tenant_id, id), foreign key (tenant_id, parent) references deals);
        create table approvals (tenant_id text not null, id int not null, deal int, run int, primary key (tenant_id, id), foreign key (tenant_id, deal) references deals);
        create table agent_runs (tenant_id text not null, id int not null, approval int, primary key (tenant_id, id), foreign key (tenant_id, approval) references approvals);
        alter table approvals add foreign key (tenant_id, run) references agent_runs;
        create table events (tenant_id text not null, id int not null, deal int, primary key (tenant_id, id), foreign key (tenant_id, deal) references deals) partition by range (id);
        create table events_1 partition of events for values from (0) to (6000);
        create table events_2 partition of events for values from (6000) to (20000);`
    }, { isolation: 'rls' })
    for (const id of ['acme', 'globex']) {
      await provision(config, { id })
      await asApp(id, 'shared', 'insert into deals (id, parent) select i, nullif(i - 1, 0) from generate_series(1, 50) i')
      await asApp(id, 'shared', 'insert into approvals (id, deal) select i, i from generate_series(1, 50) i')
      await asApp(id, 'shared', 'insert into agent_runs (id, approval) select i, i from generate_series(1, 50) i')
      await asApp(id, 'shared', 'update approvals set run = id')
      await asApp(id, 'shared', 'insert into events (id, deal) select i, 1 from generate_series(1, 12000) i')
    }
    const steps: number[] = []
    const { status } = await deleteTenant(config, acme, { force: true, onProgress: ({ step, done }) => { if (step === 'rows') steps.push(done) } })
    t.equal(status, 'deleted')
    t.ok(steps.length > 5, 'in batches')
    for (const table of ['deals', 'approvals', 'agent_runs', 'events']) {
      t.match([...await admin.unsafe(`select tenant_id, count(*)::int as count from shared.${table} group by 1`)], [{ tenant_id: 'globex' }], table)
    }
    const [proof] = await admin`select record::jsonb as record from zakops_tenancy.deletions`
    t.match(proof, { record: { rows: 12_150, tables: { events_1: 5_999, events_2: 6_001, deals: 50 } } })
  })

  t.test('go too where another policy hides them from the owner', async (t) => {
    const { config, admin } = await scene(t, 'rls')
    await admin`create policy nothing_old on shared.deals as restrictive using (title <> 'of acme')`
    await deleteTenant(config, acme, { force: true })
    t.same([...await admin`select tenant_id from shared.deals`], [{ tenant_id: 'globex' }])
    t.same([...await admin`select relforcerowsecurity as forced from pg_class where oid = 'shared.deals'::regclass`], [{ forced: true }])
  })
})
