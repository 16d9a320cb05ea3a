import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import t from 'tap'
import { createTenancy } from '../../lib/index.ts'
import { migrateTenants, readMigrationStatus } from '../../lib/operations/fleet/index.ts'
import { provision } from '../../lib/operations/provisioning/index.ts'
import { setUpDatabase } from '../../lib/operations/roles/index.ts'
import { testDatabase, testServer } from '../support/database.ts'
import { DEALS, SHARED_DEALS, operationsScene } from '../support/operations.ts'

const FILES = { '001_deals.sql': DEALS }
const MORE = { ...FILES, '002_stage.sql': 'alter table deals add stage text' }

/** The names of tenants, so many that some are done when others are not. */
const fleet = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `t${String(index + 1).padStart(3, '0')}`)

async function fleetScene (t: Parameters<typeof operationsScene>[0], ids: readonly string[], files: Readonly<Record<string, string>> = FILES) {
  const scene = await operationsScene(t)
  for (const id of ids) await provision(scene.configOf(files), { id })
  return scene
}

t.test('a run of migrations', async (t) => {
  t.test('names the one tenant that fails, does all others, and resume does the one', async (t) => {
    const ids = fleet(12)
    const { configOf, asApp, admin } = await fleetScene(t, ids)
    await asApp('t005', 'tenant_t005', "insert into deals (id, title) values (1, 'twice'), (2, 'twice')")
    const files = { ...FILES, '002_unique.sql': 'create unique index on deals (title)' }
    const config = configOf(files)
    const report = await migrateTenants(config)
    t.match(report, { done: 11, failed: 1, skipped: 0, peakConnections: 5 })
    t.same(report.results.filter(({ state }) => state === 'failed').map(({ tenantId }) => tenantId), ['t005'])
    t.match(await readMigrationStatus(config), ids.map((tenantId) => tenantId === 't005'
      ? { tenantId, migration: '001_deals.sql', pending: 1, lastRun: { runId: report.runId, state: 'failed', error: /002_unique\.sql.*could not create unique index/ } }
      : { tenantId, migration: '002_unique.sql', pending: 0, lastRun: { state: 'done', error: null } }))
    const edited = configOf({ ...FILES, '002_unique.sql': 'create index on deals (title)' })
    for (const options of [{ resume: report.runId }, { onlyFailed: true }, {}]) {
      await t.rejects(migrateTenants(edited, options), { code: 'FST_TENANCY_MIGRATION_CHANGED', message: /002_unique/ }, 'a text that others have had stays as it is')
    }
    configOf(files)
    t.match(await readMigrationStatus(config), ids.map(() => ({ lastRun: { runId: report.runId } })), 'nothing was run')
    await asApp('t005', 'tenant_t005', 'delete from deals where id = 2')
    t.match(await migrateTenants(config, { resume: report.runId }), { runId: report.runId, results: [{ tenantId: 't005', state: 'done', applied: ['002_unique.sql'] }], failed: 0 })
    t.equal((await admin`select from zakops_tenancy.migrations where name = '002_unique.sql'`).count, 12)
    t.match(await readMigrationStatus(config), ids.map((tenantId) => ({ tenantId, pending: 0, lastRun: { state: 'done' } })))
  })

  t.test('does again what failed in the last run, and nothing else', async (t) => {
    const { configOf, asApp } = await fleetScene(t, ['acme', 'globex'])
    await asApp('acme', 'tenant_acme', "insert into deals (id, title) values (1, 'twice'), (2, 'twice')")
    const config = configOf({ ...FILES, '002_unique.sql': 'create unique index on deals (title)' })
    await migrateTenants(config)
    await asApp('acme', 'tenant_acme', 'delete from deals')
    t.match(await migrateTenants(config, { dryRun: true, tenants: ['globex'] }), { done: 1 }, 'a dry run is not the last run')
    t.match(await migrateTenants(config, { onlyFailed: true }), { results: [{ tenantId: 'acme', state: 'done', applied: ['002_unique.sql'] }] })
    t.same((await migrateTenants(config, { onlyFailed: true })).results, [])
  })

  t.test('killed in the middle leaves nobody behind when it is resumed, and migrates nobody twice', async (t) => {
    const ids = fleet(16)
    const { configOf, admin, appUrl, ownerUrl } = await fleetScene(t, ids)
    // A second time would fail.
    const folder = t.testdir({ ...FILES, '002_once.sql': "insert into deals values (1, 'once'); select pg_sleep(0.1)" })
    const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(new URL('../support/migrate-parent.ts', import.meta.url)), appUrl, ownerUrl, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    let runId = ''
    for await (const line of createInterface(child.stdout)) {
      const [id = '', done] = line.split(' ')
      runId = id
      if (Number(done) < 5) continue
      await t.rejects(migrateTenants(configOf(undefined, { migrations: folder }), { resume: runId }), { code: 'FST_TENANCY_MIGRATION_RUN_BUSY' })
      child.kill('SIGKILL')
      // What it had written before is read no more: nobody would be at the run by then.
      break
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    const config = configOf(undefined, { migrations: folder })
    const before = (await readMigrationStatus(config)).filter(({ pending }) => pending === 0).length
    t.ok(before >= 5 && before < 16, `${before} were done`)
    t.ok((await readMigrationStatus(config)).some(({ lastRun }) => lastRun?.state === 'queued' || lastRun?.state === 'running'))
    const until = Date.now() + 10_000
    while ((await admin`select 1 from pg_stat_activity where application_name = 'zakops-tenancy owner'`).length > 0 && Date.now() < until) await new Promise((resolve) => { setTimeout(resolve, 50) })
    const report = await migrateTenants(config, { resume: runId })
    t.match(report, { runId, failed: 0, skipped: 0 })
    t.ok(report.results.length <= 16 - 5)
    for (const { pending } of await readMigrationStatus(config)) t.equal(pending, 0)
    for (const id of ids) t.equal((await admin`select from ${admin(`tenant_${id}`)}.deals`).count, 1, id)
    await t.rejects(migrateTenants(config, { resume: '00000000-0000-4000-8000-000000000000' }), { code: 'FST_TENANCY_MIGRATION_RUN_UNKNOWN' })
  })

  t.test('stops before the others when a canary fails', async (t) => {
    const { configOf, asApp, admin } = await fleetScene(t, ['acme', 'globex', 'initech'])
    await asApp('globex', 'tenant_globex', "insert into deals (id, title) values (1, 'twice'), (2, 'twice')")
    const config = configOf({ ...FILES, '002_unique.sql': 'create unique index on deals (title)' })
    const stopped = { failed: 1, done: 0, skipped: 2, stoppedBecause: /canary/, results: [{ tenantId: 'acme', state: 'skipped' }, { tenantId: 'globex', state: 'failed' }, { tenantId: 'initech', state: 'skipped' }] }
    t.match(await migrateTenants(config, { canaries: ['globex'] }), stopped)
    await admin`update zakops_tenancy.tenants set canary = true where id = 'globex'`
    const { runId, ...report } = await migrateTenants(config)
    t.match(report, stopped, 'the registry names canaries too')
    t.match(await migrateTenants(config, { canaries: ['acme'] }), { done: 2, failed: 1 }, 'a good canary lets the others through')
    await asApp('globex', 'tenant_globex', 'delete from deals')
    t.match(await migrateTenants(config, { resume: runId }), { done: 3, failed: 0 })
  })

  t.test('stops when too many fail', async (t) => {
    const { configOf } = await fleetScene(t, fleet(6))
    const config = configOf({ ...FILES, '002_wrong.sql': 'select 1 / 0' })
    t.match(await migrateTenants(config, { concurrency: 1, stopAfter: { failures: 2 } }), { failed: 2, skipped: 4, stoppedBecause: '2 tenants failed' })
    const { runId, ...report } = await migrateTenants(config)
    t.match(report, { failed: 6, skipped: 0, stoppedBecause: undefined }, 'a rate of few says nothing')
    const repaired = configOf({ ...FILES, '002_wrong.sql': 'select 1 / 1' })
    t.match(await migrateTenants(repaired, { resume: runId }), { done: 6, failed: 0 }, 'a file that nobody has had may be repaired')
  })

  t.test('begins with the smallest, and tells how far it is', async (t) => {
    const { configOf, asApp, admin } = await fleetScene(t, ['acme', 'globex'])
    await asApp('acme', 'tenant_acme', "insert into deals select n, 'x' from generate_series(1, 5000) n")
    await admin`analyze tenant_acme.deals`
    const told: unknown[] = []
    const config = configOf(MORE)
    await migrateTenants(config, { concurrency: 1, onProgress: (progress) => { told.push(progress); throw new Error('who only watches does not stop it') } })
    t.match(told, [{ done: 1, failed: 0, total: 2, remainingMs: Number }, { done: 2, total: 2, remainingMs: 0 }])
    t.same((await admin`select tenant from zakops_tenancy.migration_results order by changed_at`).map(({ tenant }) => tenant), ['globex', 'acme'])
  })

  t.test('waits for a lock as often as it is told to', async (t) => {
    const { configOf, ownerUrl } = await fleetScene(t, ['acme', 'globex'])
    const other = postgres(ownerUrl, { max: 1 })
    t.teardown(() => other.end())
    const held = other.begin(async (tx) => {
      await tx`lock table tenant_acme.deals in access exclusive mode`
      t.match(await migrateTenants(configOf(MORE), { lockTimeoutMs: 50, attempts: 2 }), { failed: 1, results: [{ error: { cause: { code: '55P03' } } }, { state: 'done' }] })
      await new Promise((resolve) => { setTimeout(resolve, 400) })
    })
    await new Promise((resolve) => { setTimeout(resolve, 700) })
    t.match(await migrateTenants(configOf(MORE), { lockTimeoutMs: 100, attempts: 8 }), { failed: 0, results: [{ applied: ['002_stage.sql'] }, { applied: [] }] })
    await held
  })

  t.test('that is dry runs everything and keeps nothing', async (t) => {
    const { configOf, asApp, admin } = await fleetScene(t, ['acme', 'globex'])
    await asApp('acme', 'tenant_acme', "insert into deals (id, title) values (1, 'twice'), (2, 'twice')")
    const config = configOf({ ...FILES, '002_unique.sql': 'create table notes (id int); create unique index on deals (title)' })
    t.match(await migrateTenants(config, { dryRun: true }), { failed: 1, results: [{ state: 'failed' }, { state: 'done', applied: ['002_unique.sql'] }] })
    t.equal((await admin`select from pg_class where relname = 'notes'`).count, 0)
    t.match(await readMigrationStatus(config), [{ pending: 1, lastRun: null }, { migration: '001_deals.sql', pending: 1, lastRun: null }])
    t.match(await migrateTenants(config), { failed: 1, done: 1 })
  })

  t.test('takes tenants that are asked for, all that share their schema, and none that is half made or archived', async (t) => {
    const { configOf, admin } = await operationsScene(t)
    for (const id of ['acme', 'globex']) await provision(configOf({ '001_deals.sql': SHARED_DEALS }, { isolation: 'rls' }), { id })
    for (const id of ['hooli', 'initech', 'umbrella']) await provision(configOf({ '001_deals.sql': SHARED_DEALS }), { id, isolation: 'schema' })
    await admin`update zakops_tenancy.tenants set status = case id when 'hooli' then 'archived' when 'initech' then 'provisioning' else 'deleted' end where strategy = 'schema'`
    const config = configOf({ '001_deals.sql': SHARED_DEALS, '002_stage.sql': 'alter table deals add stage text' }, { isolation: 'rls' })
    t.match(await migrateTenants(config, { tenants: ['acme'] }), { done: 2, results: [{ tenantId: 'acme', applied: ['002_stage.sql'] }, { tenantId: 'globex', applied: ['002_stage.sql'] }] })
    const { results } = await migrateTenants(config)
    t.same(results.map(({ tenantId, state }) => [tenantId, state]), [['acme', 'done'], ['globex', 'done'], ['hooli', 'skipped'], ['initech', 'skipped']])
    await t.rejects(migrateTenants(config, { tenants: ['nobody'] }), { code: 'FST_TENANCY_TENANT_UNKNOWN' })
  })

  t.test('refuses options that cannot be used', async (t) => {
    const { configOf } = await operationsScene(t)
    for (const options of [{ dryrun: true }, { concurrency: 0 }, { attempts: 1.5 }, { resume: 'x' }, { tenants: ['a b'] }, { onlyFailed: true, tenants: ['acme'] }, { stopAfter: { rate: 2 } }]) {
      await t.rejects(migrateTenants(configOf(), options), { code: 'FST_TENANCY_OPTIONS_INVALID' }, JSON.stringify(options))
    }
  })

  t.test('goes to every server and database that tenants are in', async (t) => {
    // The roles go last, with the scene: they own something there too.
    const { configOf, adminUrl, ownerUrl, appUrl } = await operationsScene(t)
    const there = await testDatabase(t, { isSetUp: false })
    const [owner, app] = [new URL(ownerUrl), new URL(appUrl)].map(({ username, password }) => ({ name: username, password }))
    if (owner === undefined || app === undefined) throw new Error('there are two roles')
    await setUpDatabase({ adminDatabase: there.adminUrl, owner, app })
    const elsewhere = (url: string): string => Object.assign(new URL(url), { pathname: new URL(there.adminUrl).pathname }).href
    const servers = { eu: { database: elsewhere(appUrl), ownerDatabase: elsewhere(ownerUrl) } }
    const databasePrefix = `f${Math.floor(Math.random() * 9_000 + 1_000)}_`
    const options = { adminDatabase: adminUrl, servers, databasePrefix }
    t.teardown(async () => {
      const server = postgres(await testServer(), { max: 1 })
      await server.unsafe(`drop database if exists "${databasePrefix}own" with (force)`)
      await server.end()
    })
    await provision(configOf(FILES, options), { id: 'here', server: 'default' })
    await provision(configOf(FILES, options), { id: 'there', server: 'eu' })
    await provision(configOf(FILES, options), { id: 'own', isolation: 'database', server: 'default' })
    const config = configOf(MORE, options)
    t.match(await migrateTenants(config), { done: 3, failed: 0, results: [{ applied: ['002_stage.sql'] }, { applied: ['002_stage.sql'] }, { applied: ['002_stage.sql'] }] })
    t.equal((await there.admin`select from zakops_tenancy.migrations where name = '002_stage.sql'`).count, 1)
    t.match(await readMigrationStatus(config), [{ pending: 0 }, { pending: 0 }, { pending: 0 }])
    const lost = configOf(MORE, { ...options, servers: {} })
    t.match(await migrateTenants(lost), { done: 2, failed: 1, results: [{}, {}, { tenantId: 'there', error: { code: 'FST_TENANCY_SERVER_UNKNOWN' } }] })
  })
})

t.test('minMigration', async (t) => {
  t.test('keeps out tenants that are older, and lets the others through', async (t) => {
    const { configOf, appUrl, ownerUrl } = await fleetScene(t, ['acme', 'globex'])
    await migrateTenants(configOf(MORE), { tenants: ['acme'] })
    for (const minMigration of ['2', '002_stage.sql']) {
      const tenancy = await createTenancy({ mode: 'multi', database: appUrl, ownerDatabase: ownerUrl, minMigration, migrations: t.testdir(MORE), log: { info () {}, warn () {}, error () {} } })
      t.teardown(() => tenancy.close())
      t.same([...await tenancy.runWithTenant('acme', () => tenancy.sql`select 1 as one`)], [{ one: 1 }])
      for (let time = 0; time < 2; time++) await t.rejects(tenancy.runWithTenant('globex', () => tenancy.sql`select 1`), { code: 'FST_TENANCY_TENANT_OUTDATED', statusCode: 503 })
      if (minMigration === '2') continue
      await tenancy.migrate()
      t.equal((await tenancy.runWithTenant('globex', () => tenancy.sql`select 1`)).length, 1)
    }
  })
})
