import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { commands } from '../../lib/faces/cli/commands/index.ts'
import { type CommandScene, SCRIPT, asJson, commandScene, keepsSecrets } from '../support/command-line.ts'

async function statusOf ({ admin }: CommandScene, id: string): Promise<unknown> {
  const [row] = await admin`select status from zakops_tenancy.tenants where id = ${id}`
  return row?.['status']
}

t.test('the exit code', async (t) => {
  const scene = await commandScene(t, { 'docs.mjs': SCRIPT, 'nothing.mjs': 'export const a = 1', 'broken.mjs': 'export default (' })
  const { run } = scene
  for (const id of ['acme', 'globex']) await run(['create', id])
  await run(['run', 'docs.mjs', '--all', '--', 'write'])

  t.test('is 2 for an option that no command has, a value that is missing or cannot be, and too many of them', async (t) => {
    const wrong: ReadonlyArray<readonly string[]> = [
      [], ['creat', 'x'], ['help'],
      ...commands.map(({ name }) => [name, '--bogus']),
      ...commands.filter((command) => (command.arguments?.[0]?.usage ?? '').startsWith('<')).map(({ name }) => [name]),
      ...['create', 'show', 'suspend', 'resume', 'archive', 'restore', 'delete', 'move'].map((name) => [name, 'not/a/tenant']),
      ['init', 'x'], ['doctor', 'x'], ['list', 'x'], ['status', 'x'], ['migrate', 'x'], ['drift', 'x'], ['suspend', 'acme', 'globex'], ['delete', 'acme', 'globex', '--yes'], ['archive', 'acme', 'globex', '--yes'], ['move', 'acme', 'globex', '--confirm', '--yes'],
      ['create', 'x', '--isolation', 'none'], ['create', 'x', '--server', 'a', '--tag', 'b'], ['create', 'x', '--name', ' '], ['list', '--status', 'gone'], ['rename', 'acme', ''],
      ['migrate', '--concurrency', '0'], ['migrate', '--stop-rate', '2'], ['migrate', '--resume', 'last'], ['migrate', '--only-failed', '--tenant', 'acme'], ['migrate', '--tenant', '../x'], ['drift', '--reference', ''],
      ['move', 'acme', '--confirm', '--undo'], ['move', 'acme', '--confirm', '--isolation', 'rls'], ['export', 'acme'], ['import', 'x', '--id', 'no/id'], ['import', 'x', '--replace', '--yes'], ['import', 'x', '--replace', '--id', 'acme', '--isolation', 'rls', '--yes'], ['clone', 'acme'], ['spares', 'many'], ['spares', '1', '--isolation', 'rls'],
      ['delete', 'acme', '--grace-days', '1', '--force', '--yes'], ['delete', '--yes'], ['delete', 'acme', '--due', '--yes'], ['delete', '--due', '--force', '--yes'], ['run', 'docs.mjs'], ['run', 'docs.mjs', '--all', '--tenant', 'acme'], ['list', '--config', '']
    ]
    for (const argv of wrong) {
      const plain = await run(argv)
      t.equal(plain.code, 2, argv.join(' '))
      t.equal(plain.out, '')
      const { code, err, json } = await run(asJson(argv))
      t.match({ code, err, json }, { code: 2, err: '', json: { error: { code: 'FST_TENANCY_CLI_USAGE', message: String } } }, argv.join(' '))
    }
    t.same(await statusOf(scene, 'acme'), 'active')
  })

  t.test('is 0 for help, which every command has', async (t) => {
    for (const argv of [['--help'], ['--version'], ...commands.map(({ name }) => [name, '--help'])]) {
      const { code, out, err } = await run(argv)
      t.match({ code, err }, { code: 0, err: '' }, argv.join(' '))
      if (argv.length > 1) for (const words of ['--json', '--config', '--help', `zakops-tenancy ${argv[0]}`]) t.match(out, words)
    }
  })

  t.test('is 1 for a tenant that is not there, a transition that cannot be, and a file that is not there', async (t) => {
    const failing: ReadonlyArray<readonly [string, ...string[]]> = [
      ...['show', 'suspend', 'resume', 'restore', 'move'].map((name): [string, string] => [name, 'nobody']),
      ['archive', 'nobody', '--yes'], ['delete', 'nobody', '--yes'], ['move', 'nobody', '--confirm', '--yes'], ['move', 'nobody', '--undo'],
      ['rename', 'nobody', 'x'], ['export', 'nobody', 'x.gz'], ['clone', 'nobody', 'x'], ['clone', 'acme', 'globex'], ['import', 'nothing.gz'],
      ['migrate', '--tenant', 'nobody'], ['drift', '--reference', 'nobody'], ['run', 'docs.mjs', '--tenant', 'nobody'], ['run', 'none.mjs', '--all'], ['run', 'nothing.mjs', '--all'], ['run', 'broken.mjs', '--all'],
      ['create', 'acme', '--isolation', 'rls'], ['create', 'acme', '--server', 'nowhere'], ['create', 'x', '--server', 'nowhere'], ['restore', 'acme'], ['resume', 'globex', '--config', 'none.json'],
      ['status', '--config', 'nothing.mjs'], ['list', '--config', 'none.mjs'], ['spares', '3', '--config', 'docs.mjs'], ['doctor', '--config', 'none.json']
    ]
    for (const argv of failing) {
      const ran = await run(asJson(argv))
      t.equal(ran.code, argv.join(' ') === 'restore acme' ? 0 : 1, argv.join(' '))
      if (ran.code === 1) t.match(ran.json, { error: { code: /^FST_TENANCY_/, message: String } })
      keepsSecrets(t, scene, ran)
    }
  })

  t.test('is 1 where a script fails for one tenant, whose turn the others have all the same', async (t) => {
    const { code, json } = await run(['run', 'docs.mjs', '--all', '--concurrency', '1', '--json', '--', 'fail', 'acme'])
    t.equal(code, 1)
    t.match(json, { failed: 1, results: [{ tenantId: 'acme', error: { message: /the script failed/ } }, { tenantId: 'globex', value: { rows: [{ body: 'secret of globex' }] } }] })
    t.match(await run(['run', 'docs.mjs', '--tenant', 'acme', '--', 'fail', 'acme']), { code: 1, out: /0 done, 1 failed\n[\s\S]*acme\tfailed/ })
  })

  t.test('is 1 where a migration fails, and the run goes on when it is repaired', async (t) => {
    const own = await commandScene(t)
    for (const id of ['acme', 'globex']) await own.run(['create', id])
    const folder = join(own.cwd, 'more')
    cpSync(join(own.cwd, 'migrations'), folder, { recursive: true })
    writeFileSync(join(folder, '002-more.sql'), 'select 1 / (select count(*) from nothing);')
    const env = { TENANT_MIGRATIONS: folder }
    t.match(await own.run(['status', '--check'], { env }), { code: 1, out: /2 of 2 tenants are behind/ })
    t.equal((await own.run(['status', '--check'])).code, 0)
    writeFileSync(join(folder, '001-docs.sql'), '-- edited')
    for (const argv of [['status', '--check'], ['migrate']]) t.match(await own.run(argv, { env }), { code: 1, out: '', err: /001-docs\.sql was applied to tenants before and has changed/ })
    t.equal((await own.run(['status'], { env })).code, 0)
    cpSync(join(own.cwd, 'migrations'), folder, { recursive: true })
    const { code, json } = await own.run(['migrate', '--json'], { env })
    t.equal(code, 1)
    t.match(json, { failed: 2, results: [{ tenantId: 'acme', state: 'failed', error: { code: 'FST_TENANCY_MIGRATION_FAILED', message: /002-more\.sql/ } }, {}] })
    await own.admin`alter table tenant_acme.docs add column stray int`
    t.match(await own.run(['drift', '--check', '--script', 'repair.sql']), { code: 1, out: /1 differences in 2 schemas\n[\s\S]*acme\tcolumn docs\.stray/ })
    t.match(readFileSync(join(own.cwd, 'repair.sql'), 'utf8'), /stray/)
    t.match(await own.run(['drift', '--script', 'repair.sql', '--json']), { code: 1, json: { error: { code: 'FST_TENANCY_CLI_FILE_EXISTS' } } })
    t.equal((await own.run(['drift'])).code, 0, 'a difference alone is no failure')
  })

  t.test('is 1 where a tenant whose time has come cannot be deleted, and the others are', async (t) => {
    const own = await commandScene(t)
    t.match(await own.run(['delete', '--due', '--json']), { code: 0, json: { results: [], failed: 0 } }, 'nobody is asked about nothing')
    for (const id of ['acme', 'globex', 'hooli', 'initech']) await own.run(['create', id])
    await own.run(['move', 'globex', '--isolation', 'rls'])
    for (const id of ['acme', 'globex', 'hooli']) await own.run(['delete', id, '--yes', '--grace-days', '30'])
    await own.admin`update zakops_tenancy.tenants set delete_after = now() - interval '1 s' where id in ('acme', 'globex')`
    const left = async (): Promise<unknown> => (await own.admin`select id from zakops_tenancy.tenants where status <> 'deleted' order by id`).map((row) => row['id'])

    t.match(await own.run(['delete', '--due']), { code: 1, err: /--yes.*FST_TENANCY_CLI_UNCONFIRMED/ })
    for (const typed of ['yes\n', 'acme\n', '']) {
      t.match(await own.run(['delete', '--due'], { typed }), { code: 1, out: '', err: /All rows of acme, globex will be deleted now, for good\. Type the word due/ })
    }
    t.same(await left(), ['acme', 'globex', 'hooli', 'initech'])
    t.match(await own.run(['delete', '--due', '--actor', 'nightly'], { typed: 'due\n' }), { code: 1, out: /1 deleted, 1 failed\n[\s\S]*acme[\s\S]*deleted[\s\S]*globex[\s\S]*failed[\s\S]*two places/ })
    t.same(await left(), ['globex', 'hooli', 'initech'], 'whose time has not come stays')
    t.same([...await own.admin`select actor, tenant from zakops_tenancy.audit_log where action = 'delete.finished'`], [{ actor: 'nightly', tenant: 'acme' }])
    t.match(await own.run(['delete', '--due', '--yes', '--json']), { code: 1, json: { failed: 1, results: [{ tenantId: 'globex', error: { code: 'FST_TENANCY_MOVE_UNFINISHED' } }] } })
    await own.run(['move', 'globex', '--confirm', '--yes'])
    const { code, out } = await own.run(['delete', '--due', '--yes'])
    t.equal(code, 0)
    t.match(out, /^1 deleted, 0 failed\ntenant\tresult\tproof\terror\nglobex\tdeleted\t[0-9a-f]{64}\t\n$/)
  })

  t.test('is 1 in the mode of one tenant, and where the password is wrong, which nobody reads', async (t) => {
    t.match(await run(['list'], { env: { TENANT_MODE: 'single' } }), { code: 1, err: /TENANT_MODE=multi/ })
    const { appUrl, ownerUrl } = scene
    for (const [name, url] of [['DATABASE_URL', appUrl], ['OWNER_DATABASE_URL', ownerUrl]] as const) {
      const wrong = new URL(url)
      wrong.password = 'a%20password%20that%20is%20wrong'
      const env = { [name]: wrong.href }
      for (const argv of [['list'], ['list', '--json'], ['doctor'], ['doctor', '--json'], ['create', 'x', '--json']]) {
        const ran = await run(argv, { env })
        t.equal(ran.code, 1, argv.join(' '))
        t.match(ran.out + ran.err, /on a new database, \\?"zakops-tenancy init --yes\\?" makes the roles first/)
        t.notMatch(ran.out + ran.err, /password that is wrong|password%20that/)
        t.notMatch(ran.out + ran.err, /postgres:\/\//)
        keepsSecrets(t, scene, ran)
      }
    }
  })
})

t.test('a command that takes something away', async (t) => {
  const scene = await commandScene(t)
  const { run } = scene
  for (const id of ['acme', 'globex']) await run(['create', id])
  await run(['move', 'globex', '--isolation', 'rls'])
  await run(['export', 'acme', 'acme.gz'])
  const destructive: ReadonlyArray<readonly [string, string, ...string[]]> = [['archive', 'acme'], ['delete', 'acme'], ['delete', 'acme', '--force'], ['move', 'globex', '--confirm'], ['import', 'acme.gz', '--id', 'acme', '--replace']]
  const unchanged = async (): Promise<void> => {
    t.equal(await statusOf(scene, 'acme'), 'active')
    t.same([...await scene.admin`select nspname from pg_namespace where nspname in ('tenant_acme', 'tenant_globex') order by 1`], [{ nspname: 'tenant_acme' }, { nspname: 'tenant_globex' }])
  }

  t.test('refuses where nobody can be asked', async (t) => {
    for (const argv of destructive) {
      t.match(await run(argv), { code: 1, err: /--yes.*FST_TENANCY_CLI_UNCONFIRMED/ }, argv.join(' '))
      t.match(await run(asJson(argv)), { code: 1, json: { error: { code: 'FST_TENANCY_CLI_UNCONFIRMED' } } })
    }
    await unchanged()
  })

  t.test('asks on a terminal, and does nothing if another id is typed, or none', async (t) => {
    for (const argv of destructive) {
      for (const typed of ['initech\n', 'y\n', 'yes\n', '\n', '']) {
        const ran = await run(argv, { typed })
        t.match(ran, { code: 1, err: /Type the id of the tenant/ }, `${argv.join(' ')}: ${JSON.stringify(typed)}`)
        t.equal(ran.out, '')
      }
    }
    await unchanged()
  })

  t.test('is done when the id is typed', async (t) => {
    t.match(await run(['archive', 'acme'], { typed: 'acme\n' }), { code: 0, out: /acme is archived/ })
    t.equal(await statusOf(scene, 'acme'), 'archived')
    t.match(await run(['import', 'acme.gz', '--id', 'acme', '--replace'], { typed: 'acme\n' }), { code: 0, out: /acme is archived/ })
    t.match(await run(['move', 'globex', '--confirm'], { typed: 'globex\n' }), { code: 0, out: /globex: confirmed/ })
    t.match(await run(['delete', 'acme', '--force'], { typed: ' acme \n' }), { code: 0, out: /acme is deleted; the proof of it is [0-9a-f]{64}/ })
    t.equal(await statusOf(scene, 'globex'), 'active')
  })
})
