import t from 'tap'
import { auditEverywhere } from '../../../lib/operations/audit/index.ts'
import { provision } from '../../../lib/operations/provisioning/index.ts'
import { operationsScene, DEALS } from '../../support/operations.ts'
import { testDatabase } from '../../support/database.ts'

t.test('the audit goes over every database of the settings, and says where a finding is', async (t) => {
  const [scene, second] = [await operationsScene(t), await testDatabase(t)]
  const databasePrefix = `a${Math.random().toString(36).slice(2, 6)}_`
  const config = scene.configOf({ '001_deals.sql': DEALS }, {
    adminDatabase: scene.adminUrl,
    databasePrefix,
    servers: { second: { database: second.appUrl, ownerDatabase: second.ownerUrl }, away: { database: 'postgres://nobody@127.0.0.1:1/none', weight: 0 } }
  })
  await provision(config, { id: 'acme', isolation: 'database', server: 'default' })
  await provision(config, { id: 'globex', isolation: 'schema+rls', server: 'second' })
  t.teardown(() => scene.admin.unsafe(`drop database if exists ${databasePrefix}acme with (force)`))
  const found = async () => (await auditEverywhere(config)).findings.filter(({ check }) => check !== 'server-version')

  t.match(await found(), [{ check: 'place-unreachable', severity: 'fatal', place: { server: 'away', database: null } }])
  t.equal((await found()).length, 1, 'one that cannot be looked at is a finding, and the others are looked at')

  await second.admin.unsafe('alter table tenant_globex.deals disable row level security')
  await scene.admin.unsafe(`alter database ${databasePrefix}acme set app.tenant_id = 'acme'`)
  t.match(await found(), [
    { check: 'table-policy-missing', object: 'tenant_globex.deals', place: { server: 'second', database: null } },
    { check: 'place-unreachable' },
    { check: 'session-tenant-preset', place: { server: 'default', database: `${databasePrefix}acme` } },
    { check: 'setting-tenant-default', place: { server: 'default', database: `${databasePrefix}acme` } }
  ])
  const { matrix, places } = await auditEverywhere(config)
  t.same(matrix.rows.map(({ tenantId, cells }) => [tenantId, ...cells]), [['globex', 'weak'], ['acme', 'hole']])
  t.equal(places.length, 4)
})
