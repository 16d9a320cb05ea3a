import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { SCRIPT, commandScene, compileProgram, keepsSecrets, runProgram } from '../support/command-line.ts'
import { tokenOf } from '../support/tokens.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

t.test('the program zakops-tenancy', async (t) => {
  const dist = compileProgram(t)
  const bin = join(dist, 'faces/cli/bin.js')

  t.test('is a process with exit codes and one document', async (t) => {
    const scene = await commandScene(t, { 'docs.mjs': SCRIPT })
    const runs = async (...argv: readonly string[]) => {
      const ran = await runProgram(bin, argv, scene)
      keepsSecrets(t, scene, ran)
      return ran
    }
    t.match(await runs('create', 'acme', '--json'), { code: 0, json: { id: 'acme', status: 'active' } })
    t.match(await runs('list'), { code: 0, out: /^id\t.*\nacme\t/ })
    t.match(await runs('run', 'docs.mjs', '--all', '--json', '--', 'print'), { code: 0, json: { failed: 0, results: [{ tenantId: 'acme' }] }, err: /a script prints what it likes/ })
    t.match(await runs('run', 'docs.mjs', '--all', '--', 'print'), { code: 0, out: /a script prints[\s\S]*1 done, 0 failed/ })
    t.match(await runs('delete', 'acme'), { code: 1, out: '', err: /--yes/ })
    t.match(await runs('show', 'nobody', '--json'), { code: 1, json: { error: { code: 'FST_TENANCY_TENANT_UNKNOWN' } } })
    t.match(await runs('shew'), { code: 2, out: '', err: /Did you mean show/ })
    t.match(await runs('--version'), { code: 0, out: /^\d+\.\d+\.\d+\n$/ })
  })

  t.test('ends well where nobody reads it any more', async (t) => {
    const child = spawn(process.execPath, [bin, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.destroy()
    let said = ''
    child.stderr.on('data', (text: Buffer) => { said += text.toString() })
    const [code]: readonly unknown[] = await once(child, 'close')
    t.same([code, said], [0, ''])
  })

  t.test('says how to go on where somebody interrupts it, and leaves a script its own end', async (t) => {
    const scene = await commandScene(t, { 'careful.mjs': "export default async () => { process.once('SIGINT', () => process.exit(7)); console.error('begun'); await new Promise((resolve) => setTimeout(resolve, 60_000)) }" })
    await scene.run(['create', 'acme'])
    const begin = (...argv: readonly string[]) => spawn(process.execPath, [bin, ...argv], { cwd: scene.cwd, env: { PATH: process.env['PATH'], ...scene.env }, stdio: ['ignore', 'ignore', 'pipe'] })
    const careful = begin('run', 'careful.mjs', '--tenant', 'acme')
    careful.stderr.once('data', () => careful.kill('SIGINT'))
    t.same((await once(careful, 'close'))[0], 7)

    writeFileSync(join(scene.cwd, 'migrations', '002-slow.sql'), 'select pg_sleep(60)')
    const migrating = begin('migrate')
    let said = ''
    migrating.stderr.on('data', (text: Buffer) => { said += text.toString() })
    const sleeper = async () => [...await scene.admin`select pid from pg_stat_activity where query like '%pg_sleep%' and pid <> pg_backend_pid()`]
    while ((await sleeper()).length === 0) await sleep(50)
    migrating.kill('SIGINT')
    t.same((await once(migrating, 'close'))[0], 130)
    t.match(said, /Interrupted\. What was finished stays/)
    for (const { pid } of await sleeper()) await scene.admin`select pg_terminate_backend(${pid})`
  })

  t.test('says what to install where its libraries are missing', async (t) => {
    // Outside of the repository, whose libraries would be found.
    const folder = join(process.env['TMPDIR'] ?? '/tmp', `zakops-tenancy-bin-${process.pid}`)
    const modules = join(folder, 'node_modules')
    mkdirSync(modules, { recursive: true })
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    cpSync(dist, join(modules, 'zakops-tenancy', 'dist'), { recursive: true })
    cpSync(join(ROOT, 'package.json'), join(modules, 'zakops-tenancy', 'package.json'))
    cpSync(join(ROOT, 'node_modules/@fastify/error'), join(modules, '@fastify/error'), { recursive: true })
    const place = { cwd: folder, env: {} }
    const installed = join(modules, 'zakops-tenancy/dist/faces/cli/bin.js')
    t.match(await runProgram(installed, ['list'], place), { code: 1, out: '', err: /npm install commander@14 cli-progress console-table-printer/ })
    t.match(await runProgram(installed, ['list', '--json'], place), { code: 1, json: { error: { code: 'FST_TENANCY_CLI_LIBRARIES_MISSING' } } })
  })

  t.test('suspends: the next request on another process is refused within a second', async (t) => {
    const scene = await commandScene(t, { 'docs.mjs': SCRIPT })
    for (const id of ['acme', 'globex']) await scene.run(['create', id])
    await scene.run(['run', 'docs.mjs', '--all', '--', 'write'])
    const child = spawn(process.execPath, [...process.execArgv, join(ROOT, 'test/support/served-process.ts'), scene.appUrl], { stdio: ['pipe', 'pipe', 'inherit'] })
    t.teardown(() => child.kill())
    const [line]: readonly unknown[] = await once(child.stdout, 'data')
    const url = String(line).trim()
    const ask = async (id: string) => {
      const response = await fetch(`${url}/docs`, { headers: { authorization: tokenOf(id) } })
      return { status: response.status, body: await response.text() }
    }
    t.same(await ask('acme'), { status: 200, body: '[{"body":"secret of acme"}]' })
    t.same(await ask('globex'), { status: 200, body: '[{"body":"secret of globex"}]' })

    const statuses: Array<readonly [at: number, status: number]> = []
    const state = { isOver: false }
    const asking = (async () => {
      while (!state.isOver) {
        statuses.push([Date.now(), (await ask('acme')).status])
        await sleep(2)
      }
    })()
    const ran = await runProgram(bin, ['suspend', 'acme', '--json'], scene)
    const next = (await ask('acme')).status
    state.isOver = true
    await asking
    t.match(ran, { code: 0, json: { status: 'suspended' } })
    t.equal(next, 403, 'the request after the command is refused')
    const [noted] = await scene.admin`select (extract(epoch from at) * 1000)::float8 as at from zakops_tenancy.audit_log where action = 'suspend'`
    const refusedAt = statuses.find(([, status]) => status === 403)?.[0] ?? Infinity
    const took = refusedAt - Number(noted?.['at'])
    t.ok(took < 1_000, `${Math.round(took)} ms after it was written down`)
    t.comment(`refused ${Math.round(took)} ms after the suspension was written down, in ${statuses.length} requests`)
    t.ok(statuses.filter(([, status]) => status === 200).length > 3, 'it was served until then')
    t.same([...new Set(statuses.map(([, status]) => status))].sort(), [200, 403])
    t.same(await ask('globex'), { status: 200, body: '[{"body":"secret of globex"}]' }, 'the other tenant is served')

    t.equal((await runProgram(bin, ['resume', 'acme'], scene)).code, 0)
    for (let turn = 0; turn < 100 && (await ask('acme')).status !== 200; turn++) await sleep(10)
    t.same(await ask('acme'), { status: 200, body: '[{"body":"secret of acme"}]' })
  })
})
