import { randomBytes } from 'node:crypto'
import t from 'tap'
import { archiveTenant, deleteTenant, restoreTenant } from '../../lib/operations/lifecycle/index.ts'
import { provision } from '../../lib/operations/provisioning/index.ts'
import { parseTenantId } from '../../lib/words/names.ts'
import { DEALS, operationsScene } from '../support/operations.ts'

const acme = parseTenantId('acme')
const globex = parseTenantId('globex')

/** Both tenants, each with a database of its own. */
async function scene (t: Parameters<typeof operationsScene>[0]) {
  const scene = await operationsScene(t)
  const databasePrefix = `t${randomBytes(2).toString('hex')}_`
  const config = scene.configOf({ '001_deals.sql': DEALS }, { isolation: 'database', adminDatabase: scene.adminUrl, databasePrefix })
  const databases = async () => (await scene.admin`select datname from pg_database where starts_with(datname, ${databasePrefix}) order by 1`).map(({ datname }) => String(datname))
  t.teardown(async () => {
    for (const name of await databases()) await scene.admin.unsafe(`drop database "${name}" with (force)`)
  })
  for (const id of ['acme', 'globex']) await provision(config, { id })
  return { ...scene, config, databasePrefix, databases }
}

t.test('a tenant with a database of its own', async (t) => {
  const { config, databasePrefix, databases, admin, appRole } = await scene(t)
  const mayUse = async (id: string): Promise<unknown> => {
    const url = new URL(String(config.adminDatabase))
    url.pathname = `/${databasePrefix}${id}`
    const { default: postgres } = await import('postgres')
    const sql = postgres(url.href, { max: 1 })
    const [row] = await sql`select has_schema_privilege(${appRole}, 'shared', 'usage') and has_table_privilege(${appRole}, 'shared.deals', 'select') as may`
    await sql.end()
    return row?.['may']
  }

  t.test('has no rights while it is archived', async (t) => {
    t.equal(await mayUse('acme'), true)
    t.match(await archiveTenant(config, acme, {}), { status: 'archived' })
    t.equal(await mayUse('acme'), false)
    t.equal(await mayUse('globex'), true)
    t.match(await restoreTenant(config, acme, {}), { status: 'active' })
    t.equal(await mayUse('acme'), true)
  })

  t.test('loses it when it is deleted, and it alone', async (t) => {
    t.match(await deleteTenant(config, acme, { force: true }), { status: 'deleted', proof: { record: /"tables":\{"deals":0\}/ } })
    t.same(await databases(), [`${databasePrefix}globex`])
  })

  t.test('is not deleted where the database is marked as somebody else\'s', async (t) => {
    const url = new URL(String(config.adminDatabase))
    url.pathname = `/${databasePrefix}globex`
    const { default: postgres } = await import('postgres')
    const sql = postgres(url.href, { max: 1 })
    await sql`update zakops_tenancy.place set tenant = 'initech'`
    await t.rejects(deleteTenant(config, globex, { force: true }), { code: 'FST_TENANCY_LIFECYCLE_FAILED', cause: { message: /not marked/ } })
    await sql`update zakops_tenancy.place set tenant = 'globex'`
    await sql.end()
    t.same(await databases(), [`${databasePrefix}globex`])
    await admin.unsafe(`drop database "${databasePrefix}globex" with (force)`)
    t.match(await deleteTenant(config, globex), { status: 'deleted' }, 'one that is gone already is gone')
  })
})
