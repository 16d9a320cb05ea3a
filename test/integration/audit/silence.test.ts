import { fileURLToPath } from 'node:url'
import t from 'tap'
import { makeRoles } from '../../../examples/server/databases.ts'
import { seedTenant } from '../../../examples/server/seed.ts'
import { createTenancy } from '../../../lib/index.ts'
import { auditEverywhere } from '../../../lib/operations/audit/index.ts'
import { resolveConfig } from '../../../lib/settings/config/index.ts'
import { startDatabase } from '../../../lib/faces/testing/index.ts'
import { TENANTS, auditScene } from '../../support/audit/scene.ts'
import { SIGNING } from '../../support/signing.ts'
import { testTenancy } from '../../support/tenancy.ts'

t.test('the audit says nothing of the example\'s own database', async (t) => {
  const server = await startDatabase()
  t.teardown(server.stop)
  const databases = await makeRoles(server.url)
  const migrations = fileURLToPath(new URL('../../../examples/server/migrations', import.meta.url))
  const options = { mode: 'multi' as const, ...databases, migrations, log: { info () {}, warn () {}, error () {} } }
  const tenancy = await createTenancy(options)
  t.teardown(() => tenancy.close())
  for (const id of ['acme', 'globex']) await seedTenant(tenancy, id)
  t.same(await tenancy.audit(), [])
  const { matrix, places, skipped } = await auditEverywhere(resolveConfig(options, {}))
  t.same({ places, skipped }, { places: [{ server: 'default', database: null }], skipped: [] })
  t.same(matrix.tables, ['agent_runs', 'approvals', 'audit_logs', 'deals', 'user_sessions'])
  t.same(matrix.rows.map(({ tenantId, cells }) => [tenantId, ...new Set(cells)]), [['acme', 'policy'], ['globex', 'policy']])

  const { ownerDatabase: _, ...withoutOwner } = options
  const seen = await auditEverywhere(resolveConfig(withoutOwner, {}))
  t.same(seen.findings, [], 'nor without the owner')
  t.match(seen.skipped, [/ownerDatabase is not set/])
  t.same(seen.matrix.rows.map(({ tenantId }) => tenantId), ['acme', 'globex'], 'whose registry is the schemas then')
})

t.test('the audit tells of every strategy what keeps its tenants apart', async (t) => {
  const { report, admin, names } = await auditScene(t)
  const { findings, matrix } = await report()
  t.same(findings.filter(({ check }) => check !== 'server-version'), [])
  t.same(Object.fromEntries(matrix.rows.map(({ tenantId, cells }) => [tenantId, [...new Set(cells)].join()])),
    Object.fromEntries(Object.entries(TENANTS).map(([id, isolation]) => [id, isolation === 'schema' ? 'schema' : 'policy'])))

  t.test('and shows a hole in the row and column where it is', async (t) => {
    await admin.unsafe(`alter table shared.deals disable row level security; revoke select on tenant_acme.deals from ${names.app}`)
    const holed = await report()
    const cellOf = (tenantId: string, table: string) => holed.matrix.rows.find((row) => row.tenantId === tenantId)?.cells[holed.matrix.tables.indexOf(table)]
    t.same([cellOf('umbrella', 'deals'), cellOf('vandelay', 'deals'), cellOf('umbrella', 'approvals'), cellOf('globex', 'deals'), cellOf('acme', 'deals')], ['hole', 'hole', 'policy', 'policy', 'closed'])
    t.ok(holed.findings.some(({ check, object }) => check === 'rows-of-others' && object === 'shared.deals'), 'and the rows were really read')
  })
})

t.test('the audit signs what it tries where the process does', async (t) => {
  const { tenancy, appUrl, ownerUrl, admin } = await testTenancy(t, { isolation: 'rls', signing: SIGNING })
  const options = { mode: 'multi' as const, database: appUrl, ownerDatabase: ownerUrl, signing: SIGNING }
  const report = async () => await auditEverywhere(resolveConfig(options, {}))
  const findings = async () => (await report()).findings.filter(({ check }) => check !== 'server-version')
  t.same(await findings(), [], 'while plain ids are taken too')
  await tenancy.signing.require()
  t.same(await findings(), [], 'and when they are not')
  t.same((await report()).matrix.rows.map(({ tenantId, cells }) => [tenantId, ...cells]), [['acme', 'policy'], ['globex', 'policy']])

  await admin.unsafe("alter policy tenancy_isolation on shared.docs using (zakops_tenancy.current_tenant() in ('acme', tenant_id)) with check (tenant_id = (select zakops_tenancy.current_tenant()))")
  t.ok((await findings()).some(({ check }) => check === 'rows-of-others'), 'rows were read with an id that was signed')

  await admin.unsafe("create or replace function zakops_tenancy.current_tenant() returns text language plpgsql stable security definer parallel safe as $$ begin return regexp_replace(current_setting('app.tenant_id', true), '^v1[.][^.]*[.][0-9]*[.]|[.][0-9a-f]*$', '', 'g'); end $$")
  const open = (await findings()).filter(({ check }) => check === 'signing-open')
  t.match(open, [{ severity: 'fatal', object: 'zakops_tenancy.current_tenant()', message: /of another key/ }, { message: /expired/ }, { message: /without a signature/ }], 'a check that checks nothing is found')
})
