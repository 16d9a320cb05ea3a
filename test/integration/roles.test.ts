import t from 'tap'
import postgres from 'postgres'
import { setUpDatabase } from '../../lib/operations/roles/index.ts'
import { provision } from '../../lib/operations/provisioning/index.ts'
import { runAudit } from '../../lib/operations/audit/index.ts'
import { type OperationsScene, operationsScene } from '../support/operations.ts'

/** The request that this scene's database was, or would be, prepared with. */
function requestOf ({ adminUrl, ownerRole, appRole }: OperationsScene) {
  return { adminDatabase: adminUrl, owner: { name: ownerRole }, app: { name: appRole } }
}

t.test('setUpDatabase()', async (t) => {
  t.test('can run again and again, and several times at once', async (t) => {
    const scene = await operationsScene(t, { isSetUp: false })
    await Promise.all([1, 2, 3].map(() => setUpDatabase(requestOf(scene))))
    await provision(scene.configOf(), { id: 'acme' })
    await setUpDatabase(requestOf(scene))
    t.same(await scene.asApp('acme', 'tenant_acme', 'select id, status from zakops_tenancy.tenants'), [{ id: 'acme', status: 'active' }])
  })

  t.test('makes roles for several databases of a server at once', async (t) => {
    const first = await operationsScene(t, { isSetUp: false })
    const scenes = [first, await operationsScene(t, { isSetUp: false })]
    const roles = { owner: { name: `${first.ownerRole}_x`, password: "o'w\\n" }, app: { name: `${first.appRole}-X "y"`, password: 'p' } }
    t.teardown(async () => {
      for (const { admin } of scenes) for (const role of [roles.owner, roles.app]) await admin.unsafe(`drop owned by "${role.name.replaceAll('"', '""')}" cascade`)
      for (const role of [roles.app, roles.owner]) await first.admin.unsafe(`drop role "${role.name.replaceAll('"', '""')}"`)
    })
    await Promise.all(scenes.flatMap(({ adminUrl }) => [1, 2].map(() => setUpDatabase({ adminDatabase: adminUrl, ...roles }))))
    const url = new URL(first.adminUrl)
    url.username = encodeURIComponent(roles.app.name)
    url.password = roles.app.password
    const app = postgres(url.href, { max: 1 })
    t.teardown(() => app.end())
    t.same([...await app`select current_setting('search_path') as path, current_user::text as me`], [{ path: '""', me: roles.app.name }])
  })

  t.test('takes every power and membership from a role that is there, and keeps its password', async (t) => {
    const scene = await operationsScene(t, { isSetUp: false })
    await scene.admin.unsafe(`alter role ${scene.appRole} bypassrls createdb createrole replication; grant pg_read_all_data, ${scene.ownerRole} to ${scene.appRole}`)
    const [before] = await scene.admin`select rolpassword from pg_authid where rolname = ${scene.appRole}`
    await setUpDatabase(requestOf(scene))
    const [role] = await scene.admin`
      select rolbypassrls or rolcreatedb or rolcreaterole or rolreplication as powerful, rolpassword,
        (select count(*)::int from pg_auth_members where member = r.oid) as memberships
      from pg_authid r where rolname = ${scene.appRole}`
    t.same(role, { powerful: false, memberships: 0, ...before })
  })

  t.test('prepares a role that the audit finds nothing wrong with', async (t) => {
    const scene = await operationsScene(t)
    await provision(scene.configOf(), { id: 'acme' })
    const findings = await runAudit((text) => scene.asApp('', 'none', text))
    t.same(findings.filter(({ check }) => check !== 'server-version'), [])
  })

  t.test('works with a database owner that is no superuser, also as the owner itself', async (t) => {
    const scene = await operationsScene(t, { isSetUp: false })
    const [{ current } = {}] = await scene.admin`select current_database() as current`
    const creator = `creator_${scene.appRole}`
    await scene.admin.unsafe(`create role ${creator} login createrole password 'c'; alter database ${String(current)} owner to ${creator}`)
    t.teardown(async () => {
      await scene.admin.unsafe(`reassign owned by ${creator} to current_user; drop owned by ${creator} cascade; drop owned by ${creator}_app cascade; drop role ${creator}_app; drop role ${creator}`)
    })
    const url = new URL(scene.adminUrl)
    url.username = creator
    url.password = 'c'
    const request = { adminDatabase: url.href, owner: { name: creator }, app: { name: `${creator}_app`, password: 'a' } }
    await setUpDatabase(request)
    await setUpDatabase(request)
    t.same([...await scene.admin`select tableowner from pg_tables where schemaname = 'zakops_tenancy'`], Array.from({ length: 17 }, () => ({ tableowner: creator })))
  })

  t.test('sends a verifier of each password, which logs in', async (t) => {
    const scene = await operationsScene(t, { isSetUp: false })
    // The server itself would make md5 of a password that comes in clear here.
    const url = new URL(scene.adminUrl)
    const adminDatabase = {
      host: url.hostname,
      port: Number(url.port || 5432),
      database: url.pathname.slice(1),
      user: decodeURIComponent(url.username),
      pass: decodeURIComponent(url.password),
      connection: { password_encryption: 'md5' }
    }
    const request = { adminDatabase, owner: { name: scene.ownerRole }, app: { name: scene.appRole, password: "new p'w\\ \u00e9" } }
    const stored = async () => (await scene.admin`select rolpassword from pg_authid where rolname = ${scene.appRole}`)[0]?.['rolpassword']
    const isLoggedIn = async (password: string) => {
      const app = postgres(scene.appUrl, { password, max: 1, onnotice: () => {} })
      return await app`select 1`.then(() => true, (error: { code?: string }) => error.code !== '28P01').finally(() => app.end())
    }
    const before = await stored()
    await setUpDatabase(request)
    const verifier = await stored()
    t.match(verifier, /^SCRAM-SHA-256\$4096:/)
    t.not(verifier, before)
    t.ok(await isLoggedIn(request.app.password))
    await setUpDatabase(request)
    t.equal(await stored(), verifier, 'a password that fits is left alone')
    await setUpDatabase({ ...request, app: { name: scene.appRole, password: 'another' } })
    t.not(await stored(), verifier)
    t.ok(await isLoggedIn('another'))
    t.notOk(await isLoggedIn(request.app.password))
  })

  t.test('does not say which variable to look at when it cannot know', async (t) => {
    const request = { owner: { name: 'o' }, app: { name: 'a' }, adminDatabase: 'postgres://postgres@127.0.0.1:1/x' }
    await t.rejects(setUpDatabase(request), { code: 'FST_TENANCY_DATABASE_UNREACHABLE', message: /adminDatabase/, cause: { code: 'ECONNREFUSED' } })
  })

  t.test('changes nothing when it may not, or when a name is taken', async (t) => {
    const scene = await operationsScene(t, { isSetUp: false })
    const { admin, adminUrl, appRole } = scene
    const request = requestOf(scene)
    const refused = { code: 'FST_TENANCY_ROLE_SETUP_FAILED' }
    await t.rejects(setUpDatabase({ ...request, adminDatabase: scene.appUrl, app: { name: 'other_role' } }), { ...refused, cause: { code: '42501' } })
    await t.rejects(setUpDatabase({ ...request, app: { name: new URL(adminUrl).username } }), refused)
    await admin.unsafe(`create schema shared authorization ${appRole}`)
    await t.rejects(setUpDatabase(request), { ...refused, cause: { message: /another role/ } })
    t.equal((await admin`select from pg_namespace where nspname = 'zakops_tenancy'`).count, 0)
    await admin.unsafe('drop schema shared')
    await setUpDatabase(request)
  })
})
