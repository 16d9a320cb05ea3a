import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { findServerUser, findTemporaryFolder } from '../../lib/faces/testing/server-user.ts'

interface TestScope {
  teardown (fn: () => unknown): void
}

/** What a connection of the pooler belongs to: a client, a transaction of it, or one statement. */
export type PoolMode = 'session' | 'transaction' | 'statement'

/** How a pooler differs from the usual. */
export interface PoolerRequest {
  readonly mode: PoolMode
  /** Connections to the server for each role and database. Default: 2, so that clients share them. */
  readonly size?: number
  /** More lines of its configuration. */
  readonly settings?: Readonly<Record<string, string>>
}

/** A running PgBouncer. */
export interface Pooler {
  /** Returns the URL of the same role and database behind the pooler. The role has to be among those it was started with. */
  through (url: string): string
}

// Debian puts it where a plain user's PATH does not look.
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`
const START_ATTEMPTS = 5
const READY_DEADLINE = 10_000

/** Runs the pooler, and kills it and removes its folder when the input ends: the test ended, or its process died of whatever. */
const SUPERVISOR = 'pgbouncer pgbouncer.ini >&2 & pooler=$!; cat >/dev/null; kill -KILL $pooler; cd /; rm -rf "$0"'

/**
 * Tells why a test has to be skipped: PgBouncer is not installed; false if it is. Where `CI` is set it has to be there,
 * so that a test is never skipped unnoticed.
 */
export function withoutPgBouncer (): string | false {
  if (spawnSync('pgbouncer', ['--version'], { env: { PATH } }).status === 0) return false
  const problem = 'PgBouncer is not installed (apt-get install pgbouncer)'
  if (process.env['CI'] !== undefined) throw new Error(`${problem}, and CI is set.`)
  return problem
}

/**
 * Starts Debian's PgBouncer on a free port of 127.0.0.1, in front of the server of `urls`, for their roles. It checks and
 * uses the roles' SCRAM passwords, and is killed when `t` ends or this process dies.
 */
export async function startPgBouncer (t: TestScope, urls: readonly string[], request: PoolerRequest): Promise<Pooler> {
  for (let attempt = 1; ; attempt++) {
    const port = await findFreePort()
    const through = (url: string): string => Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href
    const pooler = run(urls, request, port)
    t.teardown(pooler.stop)
    if (await pooler.isReady(urls.map(through))) return { through }
    await pooler.stop()
    // Somebody else may have taken the free port in between.
    if (attempt === START_ATTEMPTS || !pooler.output().includes('Address already in use')) throw new Error(`PgBouncer did not start: ${pooler.output()}`)
  }
}

interface RunningPooler {
  readonly isReady: (urls: readonly string[]) => Promise<boolean>
  readonly stop: () => Promise<void>
  readonly output: () => string
}

function run (urls: readonly string[], request: PoolerRequest, port: number): RunningPooler {
  const user = findServerUser()
  const directory = mkdtempSync(join(findTemporaryFolder(user), 'zakops-tenancy-pgbouncer-'))
  writeFileSync(join(directory, 'pgbouncer.ini'), configuration(urls, request, port), { mode: 0o644 })
  writeFileSync(join(directory, 'users.txt'), urls.map(userLine).join('\n'), { mode: 0o644 })
  if (user !== undefined) chownSync(directory, user.uid, user.gid)
  // A session of its own: a Ctrl-C of the terminal does not reach it before the application has closed its connections.
  const child = spawn('/bin/sh', ['-c', SUPERVISOR, directory], {
    ...user, cwd: directory, env: { PATH }, detached: true, stdio: ['pipe', 'ignore', 'pipe']
  })
  const ended = once(child, 'close')
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => { output = (output + text).slice(-4_000) })
  return {
    isReady: async (behind) => await answers(behind, () => output),
    output: () => output.trim(),
    stop: async () => {
      child.stdin.end()
      await ended
      rmSync(directory, { recursive: true, force: true })
    }
  }
}

/** SCRAM in front, and plain passwords in the file: from them it makes the SCRAM answers that the server wants. */
function configuration (urls: readonly string[], { mode, size = 2, settings = {} }: PoolerRequest, port: number): string {
  const { hostname, port: serverPort } = new URL(urls[0] ?? '')
  const lines = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: 'users.txt',
    pool_mode: mode,
    default_pool_size: String(size),
    max_client_conn: '200',
    query_wait_timeout: '20',
    server_login_retry: '1',
    ...settings
  }
  return `[databases]\n* = host=${hostname} port=${serverPort || '5432'}\n\n[pgbouncer]\n${Object.entries(lines).map(([name, value]) => `${name} = ${value}`).join('\n')}\n`
}

function userLine (url: string): string {
  const quoted = ({ username, password }: URL): string => [username, password].map((text) => `"${decodeURIComponent(text).replaceAll('"', '""')}"`).join(' ')
  return quoted(new URL(url))
}

/** Waits until every role gets through to the server. */
async function answers (urls: readonly string[], output: () => string): Promise<boolean> {
  const deadline = Date.now() + READY_DEADLINE
  while (!output().includes('process up')) {
    if (Date.now() > deadline || output().includes('FATAL')) return false
    await sleep(20)
  }
  for (const url of urls) {
    const sql = postgres(url, { max: 1, fetch_types: false, connect_timeout: 5, onnotice: () => {} })
    await sql`select 1`.finally(() => sql.end({ timeout: 1 }))
  }
  return true
}

async function findFreePort (): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  if (address === null || typeof address === 'string') throw new Error('There is no free port on 127.0.0.1.')
  return address.port
}
