import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { ServerUser } from './server-user.ts'

const READY = 'database system is ready to accept connections'
const PORT_TAKEN = 'Address already in use'
const PORT_ATTEMPTS = 5
const OUTPUT_KEPT = 4_000

/** From polite to final, each with the time it gets: wait for nobody, abort, kill. */
const STOP_SIGNALS = ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const
const STOP_WAIT = 5_000

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '32MB',
  // Below the data directory, so that even a killed server leaves nothing elsewhere.
  dynamic_shared_memory_type: 'mmap',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off'
}

/** Where and as whom the server runs, and the signal that ends it. */
export interface ServerPlace {
  readonly binaries: string
  readonly directory: string
  readonly user: ServerUser | undefined
  readonly ending: AbortSignal
}

/** A PostgreSQL that accepts connections. `ended` resolves when it was ended by the place's signal, else rejects. */
export interface RunningServer {
  readonly port: number
  readonly ended: Promise<void>
}

/** Makes a new cluster in the place's directory, with the superuser `postgres` and this password. */
export async function createCluster (place: ServerPlace, password: string): Promise<void> {
  const passwordFile = join(place.directory, 'password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (place.user !== undefined) chownSync(passwordFile, place.user.uid, place.user.gid)
  const program = run(place, 'initdb', [
    `--pgdata=${dataOf(place)}`, '--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256',
    '--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'
  ])
  const code = await program.ended
  rmSync(passwordFile)
  if (code !== 0) throw new Error(`initdb ended with code ${code}: ${program.output()}`)
}

/** Starts the server on `port`, or on a free one if that is 0, and waits until it is ready. */
export async function startServer (place: ServerPlace, port: number): Promise<RunningServer> {
  for (let attempt = 1; ; attempt++) {
    const chosen = port === 0 ? await findFreePort() : port
    const flags = Object.entries({ ...SETTINGS, port: String(chosen) }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const program = run(place, 'postgres', ['-D', dataOf(place), ...flags])
    const isReady = await Promise.race([program.says(READY), program.ended.then(() => false)])
    if (isReady) return { port: chosen, ended: endOf(program, place.ending) }
    // Somebody else may have taken the free port in between.
    const isWorthAnother = port === 0 && attempt < PORT_ATTEMPTS && program.output().includes(PORT_TAKEN)
    if (!isWorthAnother) throw new Error(program.output())
  }
}

async function endOf (program: Program, ending: AbortSignal): Promise<void> {
  const code = await program.ended
  if (!ending.aborted) throw new Error(`postgres ended by itself with code ${code}: ${program.output()}`)
}

/** A whole path, so that the process list shows which server it is. */
function dataOf (place: ServerPlace): string {
  return join(place.directory, 'data')
}

interface Program {
  readonly ended: Promise<number | null>
  says (text: string): Promise<true>
  /** The last of what it wrote. */
  output (): string
}

function run (place: ServerPlace, name: string, flags: readonly string[]): Program {
  place.ending.throwIfAborted()
  const child = spawn(join(place.binaries, 'bin', name), flags, {
    ...place.user,
    cwd: place.directory,
    env: serverEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe']
  })
  const ended = once(child, 'close').then(([code]) => code)
  const stop = (): void => { stopProgram(child, ended).catch(() => {}) }
  place.ending.addEventListener('abort', stop, { once: true })
  ended.catch(() => {}).then(() => place.ending.removeEventListener('abort', stop))
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => { output = (output + text).slice(-OUTPUT_KEPT) })
  return {
    ended,
    output: () => output.trim(),
    says: (text) => new Promise((resolve) => {
      child.stderr.on('data', () => { if (output.includes(text)) resolve(true) })
    })
  }
}

/** English messages, for they are read here; and nothing of a PostgreSQL that the user may have (PGDATA, PGPORT, …). */
function serverEnvironment (): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG)/.test(name))
  return { ...Object.fromEntries(inherited), LC_ALL: 'C' }
}

async function stopProgram (child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  for (const signal of STOP_SIGNALS) {
    child.kill(signal)
    const hasEnded = await Promise.race([ended.then(() => true), sleep(STOP_WAIT)])
    if (hasEnded) return
  }
}

function sleep (milliseconds: number): Promise<false> {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds, false).unref() })
}

async function findFreePort (): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('There is no free port on 127.0.0.1.')
  return address.port
}
