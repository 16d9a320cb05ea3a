import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type CommandScene, SCRIPT, asJson, commandScene, keepsSecrets } from '../support/command-line.ts'

type Checks = Pick<typeof t, 'equal' | 'same'>

/** Tells that a command line was done, that it printed one document and no secret, and returns the document. */
type Do = (...argv: readonly string[]) => Promise<unknown>

function doing (t: Checks, scene: CommandScene): Do {
  return async (...argv) => {
    const ran = await scene.run(asJson(argv))
    t.equal(ran.code, 0, `${argv.join(' ')}: ${ran.out}${ran.err}`)
    keepsSecrets(t, scene, ran)
    return ran.json
  }
}

async function bodiesIn ({ admin }: CommandScene, place: string): Promise<readonly unknown[]> {
  const rows = await admin.unsafe(`select tenant_id, body from ${place}.docs order by 1, 2`)
  return rows.map((row) => [row['tenant_id'], row['body']])
}

const SECRETS_OF_BOTH = { results: [{ tenantId: 'acme', value: { rows: [{ body: 'secret of acme' }] } }, { tenantId: 'globex', value: { rows: [{ body: 'secret of globex' }] } }], failed: 0 }

t.test('the command line', async (t) => {
  t.test('does with two tenants whatever operators do', async (t) => {
    const scene = await commandScene(t, { 'docs.mjs': SCRIPT })
    const { cwd, admin } = scene
    const does = doing(t, scene)

    t.match(await does('create', 'acme', '--name', 'Acme Corporation'), { id: 'acme', name: 'Acme Corporation', status: 'active', isolation: 'schema+rls' })
    t.match(await does('create', 'globex', '--isolation', 'rls', '--server', 'default'), { id: 'globex', isolation: 'rls' })
    t.match(await does('run', 'docs.mjs', '--all', '--', 'write'), SECRETS_OF_BOTH)
    t.match(await does('run', 'docs.mjs', '--tenant', 'acme'), { results: [{ tenantId: 'acme', value: { rows: [{ body: 'secret of acme' }], big: '12345678901234567890' } }] })

    t.match(await does('list'), [{ id: 'acme' }, { id: 'globex' }])
    t.match(await does('list', '--isolation', 'rls', '--status', 'active', '--server', 'default'), [{ id: 'globex' }])
    t.same(await does('list', '--status', 'archived'), [])
    t.match(await does('rename', 'acme', 'Acme Ltd'), { id: 'acme', name: 'Acme Ltd' })
    t.match(await does('show', 'acme'), { id: 'acme', name: 'Acme Ltd', schema: 'tenant_acme', migration: '001-docs.sql', pending: 0 })

    t.match(await does('migrate', '--canary', 'acme', '--concurrency', '2', '--stop-after', '1', '--attempts', '2', '--lock-timeout', '1000'), { done: 2, failed: 0, results: [{ tenantId: 'acme', state: 'done' }, { tenantId: 'globex' }] })
    t.match(await does('migrate', '--dry-run', '--tenant', 'acme', '--stop-rate', '0.5'), { done: 1 })
    t.match(await does('status', '--check'), [{ tenantId: 'acme', pending: 0, lastRun: { state: 'done' } }, { tenantId: 'globex' }])
    t.match(await does('drift', '--check'), { differences: [], schemas: 2 })

    t.match(await does('export', 'acme', 'acme.gz'), { tenantId: 'acme', file: 'acme.gz', tables: [{ table: 'docs', rows: 1 }] })
    t.match(await does('import', 'acme.gz', '--id', 'initech', '--name', 'Initech', '--isolation', 'schema'), { id: 'initech', name: 'Initech', isolation: 'schema' })
    t.match(await does('clone', 'acme', 'hooli', '--isolation', 'schema+rls'), { id: 'hooli', isolation: 'schema+rls' })
    t.same(await bodiesIn(scene, 'tenant_hooli'), [['hooli', 'secret of acme']])
    t.match(await does('spares', '2'), { ready: 2, made: 2 })

    t.match(await does('suspend', 'acme', '--actor', 'billing'), { status: 'suspended' })
    t.same([...await admin`select actor, tenant from zakops_tenancy.audit_log where action = 'suspend'`], [{ actor: 'billing', tenant: 'acme' }])
    t.match(await does('resume', 'acme'), { status: 'active' })
    t.match(await does('archive', 'acme', '--yes'), { status: 'archived' })
    t.match(await does('restore', 'acme'), { status: 'active' })

    t.match(await does('move', 'acme', '--isolation', 'rls'), { outcome: 'switched', to: { isolation: 'rls' }, tables: [{ table: 'docs', rows: 1 }] })
    t.match(await does('move', 'acme', '--undo'), { outcome: 'undone' })
    t.same(await bodiesIn(scene, 'tenant_acme'), [['acme', 'secret of acme']])
    t.match(await does('move', 'acme', '--isolation', 'rls', '--server', 'default'), { outcome: 'switched' })
    t.match(await does('move', 'acme', '--confirm', '-y'), { outcome: 'confirmed' })
    t.same(await bodiesIn(scene, 'shared'), [['acme', 'secret of acme'], ['globex', 'secret of globex']])

    t.match(await does('delete', 'acme', '--yes', '--grace-days', '7'), { status: 'pending', tenantId: 'acme' })
    t.same(await bodiesIn(scene, 'shared'), [['acme', 'secret of acme'], ['globex', 'secret of globex']], 'nothing goes before its time')
    t.match(await does('delete', 'acme', '--yes', '--force', '--export', 'last.gz'), { status: 'deleted', proof: { digest: /^[0-9a-f]{64}$/ } })
    t.ok(statSync(join(cwd, 'last.gz')).size > 100, 'it was exported before')
    t.same(await bodiesIn(scene, 'shared'), [['globex', 'secret of globex']], 'and nothing of the other tenant went')
    t.match(await does('list', '--status', 'deleted'), [{ id: 'acme' }])
    t.match(await does('doctor'), { failed: 0 })
  })

  t.test('begins a service from nothing', async (t) => {
    const scene = await commandScene(t, {}, { isSetUp: false })
    const does = doing(t, scene)
    const env = { TENANT_MIGRATIONS: '' }
    const preview = await scene.run(['init'], { env })
    t.equal(preview.code, 0)
    t.match(preview.out, /zakops-tenancy\.config\.mjs would be written/)
    t.match(preview.out, /default would be set up: owner owner_/)
    keepsSecrets(t, scene, preview)
    t.notOk(existsSync(join(scene.cwd, 'zakops-tenancy.config.mjs')))
    t.same([...await scene.admin`select 1 from pg_namespace where nspname = 'zakops_tenancy'`], [], 'a preview does nothing')

    t.match(await scene.run(['doctor', '--json']), { code: 1, json: { checkups: [{ check: 'log in as application', state: 'ok' }] } })
    t.match(await does('init', '--write', '--yes'), { isWritten: true, isDone: true, files: [{ isThere: false }, { file: 'migrations', isThere: true }] })
    t.match(readFileSync(join(scene.cwd, 'zakops-tenancy.config.mjs'), 'utf8'), /mode: 'multi'/)
    const again = await does('init', '--write')
    t.match(again, { files: [{ isThere: true }], isDone: false })
    // The file that was written says the mode.
    const examined = await scene.run(['doctor'], { env: { TENANT_MODE: '', ...env } })
    t.equal(examined.code, 0, examined.out)
    t.match(examined.out, /set up\tok[\s\S]*listen\tok\ta notice is heard/)
    keepsSecrets(t, scene, examined)
  })

  t.test('previews a service that has no database yet', async (t) => {
    const { run } = await commandScene(t)
    const { code, out } = await run(['init'], { env: { DATABASE_URL: '' } })
    t.equal(code, 0)
    t.match(out, /the databases cannot be looked at yet: [\s\S]*DATABASE_URL/)
    t.equal((await run(['init', '--yes'], { env: { DATABASE_URL: '' } })).code, 1)
    t.match(await run(['init', '--yes'], { env: { ADMIN_DATABASE_URL: '' } }), { code: 1, out: /left out: its adminDatabase is not set/ })
  })
})

t.test('what people read', async (t) => {
  const scene = await commandScene(t)
  await scene.run(['create', 'acme', '--name', 'Acme\u001b[31m'])
  await scene.run(['create', 'globex'])

  t.test('is a table and a bar on a terminal', async (t) => {
    const { out } = await scene.run(['list'], { typed: '' })
    t.match(out, /┌[\s\S]*acme/)
    t.notOk(out.includes('\u001b[31m'), 'a name does nothing to the terminal')
    t.match((await scene.run(['migrate'], { typed: '' })).err, /█+.* 2\/2 0 failed/)
  })

  t.test('is plain lines elsewhere', async (t) => {
    const { out } = await scene.run(['list'])
    t.match(out, /^id\tname\tstatus\tisolation\tserver\tmigration\tcreated\nacme\tAcme \[31m\tactive\tschema\+rls\tdefault\t001-docs\.sql\t/)
    const { err } = await scene.run(['migrate'])
    t.match(err, /^(1 of 2: .*\n)?2 of 2: 0 failed, about 0 s left\n$/)
    t.match((await scene.run(['move', 'acme', '--isolation', 'rls'])).err, /copying/)
    t.match(await scene.run(['list', '--status', 'deleted']), { code: 0, out: 'no tenants\n' })
    t.match((await scene.run(['show', 'globex'])).out, /what\tvalue\nid\tglobex/)
  })
})

t.test('the configuration file', async (t) => {
  const scene = await commandScene(t, { 'two.json': '{"mode": "single"}', 'list.json': '[1]', 'broken.json': '{"database": "postgres://a:pass-of-the-file@b/c",' })
  const { run, cwd, appUrl, ownerUrl } = scene
  await run(['create', 'acme'])
  const bare = { TENANT_MODE: '', DATABASE_URL: '', OWNER_DATABASE_URL: '' }

  t.test('goes before the environment', async (t) => {
    t.equal((await run(['list', '--config', 'two.json'])).code, 1)
    const other = await commandScene(t, { 'zakops-tenancy.config.json': JSON.stringify({ mode: 'multi', database: appUrl, ownerDatabase: ownerUrl }) })
    t.match(await run(['list', '--json', '--config', join(other.cwd, 'zakops-tenancy.config.json')], { env: bare }), { code: 0, json: [{ id: 'acme' }] })
    t.match(await other.run(['list', '--json']), { code: 0, json: [{ id: 'acme' }] }, 'and is found by its name')
  })

  t.test('is refused when it holds no options, and never quoted', async (t) => {
    for (const file of ['list.json', 'broken.json', 'none.json', 'none.mjs']) {
      const ran = await run(['list', '--json', '--config', file])
      t.match(ran, { code: 1, json: { error: { code: 'FST_TENANCY_CLI_CONFIG_UNUSABLE' } } }, file)
      t.notMatch(ran.out + ran.err, /pass-of-the-file/)
    }
    t.ok(existsSync(join(cwd, 'broken.json')))
  })

  t.test('is refused when there are two', async (t) => {
    const two = await commandScene(t, { 'zakops-tenancy.config.json': '{}', 'zakops-tenancy.config.mjs': 'export default {}' })
    t.match(await two.run(['list', '--json']), { code: 1, json: { error: { message: /--config/ } } })
  })
})
