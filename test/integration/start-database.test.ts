import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import postgres from 'postgres'
import t from 'tap'
import { startDatabase } from '../../lib/faces/testing/index.ts'

/** The directory of the server behind a URL: the server itself knows it. */
async function directoryOf (url: string): Promise<string> {
  const sql = postgres(url, { max: 1 })
  const [row] = await sql`select current_setting('data_directory') as path`
  await sql.end()
  return String(row?.['path']).replace(/\/data$/, '')
}

/** What is left of the server in a directory: processes that name it and the directory itself. */
function tracesOf (directory: string): readonly string[] {
  const processes = spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).stdout.split('\n')
  const folders = readdirSync(tmpdir()).map((name) => `${tmpdir()}/${name}`)
  return [...processes.filter((line) => line.includes(directory)), ...folders.filter((folder) => folder === directory)]
}

async function tracesLeft (directory: string): Promise<readonly string[]> {
  for (let attempt = 0; attempt < 100 && tracesOf(directory).length > 0; attempt++) await sleep(100)
  return tracesOf(directory)
}

/** Another process that starts a database and says its URL. */
async function startElsewhere (): Promise<{ readonly parent: ChildProcess, readonly url: string }> {
  const file = fileURLToPath(new URL('../support/database-parent.ts', import.meta.url))
  const parent = spawn(process.execPath, [...process.execArgv, file], { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  let said = ''
  for await (const text of parent.stdout) {
    said += String(text)
    if (said.endsWith('\n')) break
  }
  return { parent, url: said.trim() }
}

t.test('startDatabase()', async (t) => {
  t.test('serves queries to its superuser, on 127.0.0.1 and with a password', async (t) => {
    const database = await startDatabase()
    t.teardown(() => database.stop())
    const sql = postgres(database.url, { max: 1 })
    t.teardown(() => sql.end())
    const [row] = await sql`
      select current_setting('is_superuser') as superuser, current_setting('listen_addresses') as addresses,
        current_setting('unix_socket_directories') as sockets, current_database() as database`
    t.same(row, { superuser: 'on', addresses: '127.0.0.1', sockets: '', database: 'postgres' })
    const stranger = postgres(database.url, { max: 1, password: 'a guess' })
    await t.rejects(stranger`select 1`, { code: '28P01' })
    await stranger.end()
  })

  t.test('leaves neither process nor directory when it is stopped', async (t) => {
    const database = await startDatabase()
    const directory = await directoryOf(database.url)
    t.not(tracesOf(directory).length, 0, 'they are seen while it runs')
    await Promise.all([database.stop(), database.stop()])
    t.strictSame(tracesOf(directory), [])
  })

  t.test('leaves neither process nor directory when its process is killed', async (t) => {
    const { parent, url } = await startElsewhere()
    const directory = await directoryOf(url)
    parent.kill('SIGKILL')
    t.strictSame(await tracesLeft(directory), [])
  })

  t.test('outlives a SIGINT of the terminal, until its process has ended', async (t) => {
    const { parent, url } = await startElsewhere()
    const directory = await directoryOf(url)
    // The whole process group, as a terminal does it; this parent ignores it.
    process.kill(-(parent.pid ?? NaN), 'SIGINT')
    await sleep(500)
    t.equal(await directoryOf(url), directory)
    parent.kill('SIGTERM')
    t.strictSame(await tracesLeft(directory), [])
  })

  t.test('says that a port is taken, and leaves nothing', async (t) => {
    const other = createServer().listen(0, '127.0.0.1')
    t.teardown(() => other.close())
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await t.rejects(startDatabase({ port }), {
      code: 'FST_TENANCY_TESTING_DATABASE_NOT_STARTED',
      message: /Address already in use/
    })
  })
})
