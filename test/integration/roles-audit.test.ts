import t from 'tap'
import { checksOf, wrongRoleChecks } from '../../lib/operations/audit/checks/index.ts'
import { runAudit } from '../../lib/operations/audit/index.ts'
import { provision } from '../../lib/operations/provisioning/index.ts'
import { withShortClient } from '../../lib/data/owner/index.ts'
import type { Finding } from '../../lib/words/types.ts'
import { DEALS, SHARED_DEALS, type OperationsScene, operationsScene } from '../support/operations.ts'

/** What a fault is planted with. */
type Names = Pick<OperationsScene, 'appRole' | 'ownerRole'> & { readonly database: string }

/** A fault for each check: how to plant it, and how bad it is. */
const FAULTS: Readonly<Record<string, { readonly severity: string, readonly plant: (names: Names) => string }>> = {
  'role-bypassrls': { severity: 'fatal', plant: ({ appRole }) => `alter role ${appRole} bypassrls` },
  'role-replication': { severity: 'fatal', plant: ({ appRole }) => `alter role ${appRole} replication` },
  'role-createrole': { severity: 'fatal', plant: ({ appRole }) => `alter role ${appRole} createrole` },
  'role-member-of-powerful': { severity: 'fatal', plant: ({ appRole, ownerRole }) => `grant ${ownerRole} to ${appRole}` },
  'role-membership': { severity: 'warning', plant: ({ appRole }) => `grant pg_monitor to ${appRole}` },
  'role-owns-table': { severity: 'fatal', plant: ({ appRole }) => `alter table "tenant_acme".deals owner to ${appRole}` },
  'role-owns-schema': { severity: 'fatal', plant: ({ appRole }) => `alter schema "tenant_acme" owner to ${appRole}` },
  'role-owns-database': { severity: 'fatal', plant: ({ appRole, database }) => `alter database ${database} owner to ${appRole}` },
  'table-truncate': { severity: 'fatal', plant: ({ appRole }) => `grant truncate on "tenant_acme".deals to ${appRole}` },
  'unprotected-table': { severity: 'fatal', plant: () => 'drop policy tenancy_isolation on shared.deals' },
  'table-policy-missing': { severity: 'warning', plant: () => 'drop policy tenancy_isolation on "tenant_acme".deals' },
  'setting-tenant-default': { severity: 'fatal', plant: ({ appRole }) => `alter role ${appRole} set app.tenant_id = 'acme'` },
  'database-create': { severity: 'warning', plant: ({ database }) => `grant create on database ${database} to public` },
  'schema-create': { severity: 'warning', plant: () => 'grant create on schema public to public' },
  'database-temporary': { severity: 'warning', plant: ({ database }) => `grant temporary on database ${database} to public` },
  'setting-search-path': { severity: 'warning', plant: ({ appRole, database }) => `alter role ${appRole} in database ${database} set search_path = public` }
}

async function auditedScene (t: Parameters<typeof operationsScene>[0]) {
  const scene = await operationsScene(t)
  await provision(scene.configOf({ '001_deals.sql': DEALS }), { id: 'acme' })
  await provision(scene.configOf({ '001_deals.sql': SHARED_DEALS }), { id: 'globex', isolation: 'rls' })
  const names = { ...scene, database: new URL(scene.adminUrl).pathname.slice(1) }
  // A connection for each audit: what a session begins with is fixed when it connects.
  const audit = () => withShortClient(scene.appUrl, { connectTimeout: 5_000, applicationName: 'audit' }, (sql) => runAudit((text) => sql.unsafe(text)))
  const isOfServer = ({ check }: Finding) => check === 'server-version'
  return { ...scene, names, auditServer: async () => (await audit()).filter(isOfServer), audit: async () => (await audit()).filter((finding) => !isOfServer(finding)) }
}

t.test('runAudit()', async (t) => {
  t.test('has a fault here for every check', async (t) => {
    const planted = ['role-superuser', 'role-is-owner', 'server-version', ...Object.keys(FAULTS)]
    t.same(new Set(planted), new Set([...wrongRoleChecks, ...checksOf({ sharedSchema: 'shared' })].map(({ name }) => name)))
  })

  for (const [name, { severity, plant }] of Object.entries(FAULTS)) {
    t.test(`finds ${name}, and falls silent when it is repaired as the finding says`, async (t) => {
      const { admin, names, audit } = await auditedScene(t)
      t.same(await audit(), [], 'nothing is wrong before')
      await admin.unsafe(plant(names))
      const found = (await audit()).filter(({ check }) => check === name)
      t.match(found, [{ check: name, severity, object: String, message: /\w/, repair: /\w/ }])
      for (const { repair } of found) await admin.unsafe(repair.replace('<the owner role>', names.ownerRole))
      t.same((await audit()).filter(({ check }) => check === name), [])
    })
  }

  t.test('says of a superuser that it is the wrong role, and never to take its power away', async (t) => {
    const { admin, names, audit } = await auditedScene(t)
    await admin.unsafe(`alter role ${names.appRole} superuser`)
    const findings = await audit()
    t.match(findings, [{ check: 'role-superuser', severity: 'fatal', object: names.appRole, repair: /^-- log in as/ }])
    t.equal(findings.length, 1)
  })

  t.test('says of the role that owns the schemas that it is that, once', async (t) => {
    const { asOwner, ownerRole, admin } = await auditedScene(t)
    const audit = () => runAudit((text) => asOwner('', 'none', text))
    t.match(await audit(), [{ check: 'role-is-owner', severity: 'fatal', object: ownerRole, repair: /^-- log in as/ }])
    t.equal((await audit()).length, 1)
    await admin.unsafe('drop schema zakops_tenancy cascade')
    t.match(await audit(), [{ check: 'role-is-owner' }], 'also where there is no registry')
  })

  for (const [fault, sql] of Object.entries({
    'without row security': 'alter table shared.deals disable row level security',
    'without force': 'alter table shared.deals no force row level security',
    'with a policy that lets all pass': 'alter policy tenancy_isolation on shared.deals using (true) with check (true)',
    'with a policy for one command': 'drop policy tenancy_isolation on shared.deals; create policy tenancy_isolation on shared.deals as restrictive for select using (tenant_id = current_setting(\'app.tenant_id\', true))',
    'that came by hand': 'create table shared.notes (tenant_id text not null)'
  })) {
    t.test(`finds a shared table ${fault}, and its repair makes the policies`, async (t) => {
      const { admin, audit, asApp } = await auditedScene(t)
      await admin.unsafe(sql)
      const found = await audit()
      t.match(found, [{ check: 'unprotected-table', severity: 'fatal', object: /^shared\./ }])
      for (const { repair } of found) await admin.unsafe(repair)
      t.same(await audit(), [])
      await asApp('globex', 'shared', "insert into deals (id, title) values (1, 'x')")
      t.equal((await asApp('globex', 'shared', 'select * from deals')).length, 1)
      t.equal((await asApp('acme', 'shared', 'select * from deals')).length, 0)
    })
  }

  t.test('finds a shared table without a tenant column, and says what to do', async (t) => {
    const { admin, audit } = await auditedScene(t)
    await admin`create table shared.countries (code text)`
    t.match(await audit(), [{ check: 'unprotected-table', object: 'shared.countries', repair: /^-- .*tenant_id/ }])
  })

  t.test('finds no policy missing from a schema that has none', async (t) => {
    const { audit, configOf } = await auditedScene(t)
    await provision(configOf({ '001_deals.sql': DEALS }), { id: 'initech', isolation: 'schema' })
    t.same(await audit(), [])
  })

  t.test('finds powers of a role that this one can become through another', async (t) => {
    const { admin, names, audit } = await auditedScene(t)
    const between = `between_${names.appRole}`
    await admin.unsafe(`create role ${between}; grant pg_read_all_data to ${between}; grant ${between} to ${names.appRole}`)
    t.teardown(() => admin.unsafe(`drop role ${between}`))
    t.match((await audit()).filter(({ severity }) => severity === 'fatal'), [{ check: 'role-member-of-powerful', object: 'pg_read_all_data' }])
  })

  t.test('finds a tenant that is set for everybody in the database', async (t) => {
    const { admin, names, audit } = await auditedScene(t)
    await admin.unsafe(`alter database ${names.database} set app.tenant_id = 'acme'`)
    t.match(await audit(), [{ check: 'setting-tenant-default', repair: `alter database ${names.database} reset app.tenant_id` }])
  })

  t.test('warns of a server without the repair of CVE-2026-14666, and of no other', async (t) => {
    const { admin, auditServer } = await auditedScene(t)
    const [{ version } = {}] = await admin`select current_setting('server_version_num')::int as version`
    const repairedIn: Readonly<Record<number, number>> = { 15: 150019, 16: 160015, 17: 170011, 18: 180006 }
    const isOld = Number(version) < (repairedIn[Math.floor(Number(version) / 10_000)] ?? 0)
    t.match(await auditServer(), isOld ? [{ severity: 'warning' }] : [])
    t.equal((await auditServer()).length, isOld ? 1 : 0)
  })
})
