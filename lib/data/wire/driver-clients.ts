import postgres, { type Sql } from 'postgres'
import type { ServerAddress, connectTo } from './connector.ts'
import { DriverSocket } from './driver-socket.ts'
import { LastingSocket } from './lasting-socket.ts'
import { type OpenSocket, LoginSocket } from './login-socket.ts'
import { singleSocket } from './single-socket.ts'

/** What one client has of its own. */
export interface ClientOptions {
  readonly fetch_types?: boolean
  /** Called with every notification of a channel that the client listens to. */
  readonly onnotify?: (channel: string, payload: string) => void
}

/** What a client that ends with its connection has of its own. */
export interface ShortOptions {
  /** What `pg_stat_activity` shows. */
  readonly applicationName: string
}

/** A client of the driver with one connection, which it does not open again. */
export interface OpenClient {
  readonly sql: Sql
  /** Ends the connection now, and rejects what is on its way. */
  abort (): void
}

/** The driver logs in; at its first ReadyForQuery the socket is taken from it. */
export function logIn (parsed: Sql['options'], { address, connect }: Connecting, parameters: Readonly<Record<string, string>>, timeoutMs: number): Promise<OpenSocket> {
  let timer: NodeJS.Timeout | undefined
  return new Promise<OpenSocket>((resolve, reject) => {
    const single = singleSocket(() => new LoginSocket(address, connect(), resolve), passwordOf(parsed))
    const client = construct({ ...parsed, ...single.options, connection: { ...parsed.connection, ...parameters }, ssl: false, connect_timeout: 0 })
    // Never answered: the socket is gone by then, and the promise of it with it.
    client`select`.then(() => reject(new Error('the socket was not taken over')), reject)
    // The driver's own timer would outlive the log-in and keep the process.
    timer = setTimeout(() => {
      const error = new Error('no log-in before the deadline')
      single.fail(error)
      reject(error)
    }, timeoutMs)
  }).finally(() => clearTimeout(timer))
}

export interface Connecting {
  readonly address: ServerAddress
  readonly connect: () => ReturnType<typeof connectTo>
}

export function openClient (parsed: Sql['options'], { address, connect }: Connecting, onEnd: (error: Error | undefined) => void, options: object = {}): OpenClient {
  const single = singleSocket(() => new DriverSocket(address, connect(), onEnd), passwordOf(parsed))
  const sql = construct({ ...parsed, ...single.options, ...options, ssl: false })
  return {
    sql,
    abort () {
      // An error of its own, because the driver writes the statement and its parameters into it.
      single.fail(new Error('the connection was given up'))
      sql.end({ timeout: 0 }).catch(() => {})
    }
  }
}

/** Logs in with a first statement by itself, so that what goes wrong in it is the connection and nothing else. */
export async function openShort (parsed: Sql['options'], { address, connect }: Connecting, { applicationName }: ShortOptions): Promise<Sql> {
  let socket: LastingSocket | undefined
  const single = singleSocket(() => (socket = new LastingSocket(address, connect(), () => sql.end({ timeout: 0 }))), passwordOf(parsed))
  const own = {
    // Statements whose tables change between two runs make the driver send them again, out of order (D-08).
    prepare: false,
    onnotice: () => {},
    connection: { ...parsed.connection, application_name: applicationName }
  }
  const sql = construct({ ...parsed, ...single.options, ...own, ssl: false })
  try {
    await sql`select 1`
    socket?.logInEnded()
    return sql
  } catch (error) {
    await sql.end({ timeout: 0 })
    throw error
  }
}

function passwordOf (parsed: Sql['options']): unknown {
  return Reflect.get(parsed, 'pass')
}

/** Calls the driver's function with options that its types do not tell of: those that it has parsed before. */
export function construct (...args: unknown[]): Sql {
  return Reflect.apply(postgres, undefined, args)
}
