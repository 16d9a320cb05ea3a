import postgres, { type Sql } from 'postgres'
import { ArrayTypes } from './array-types.ts'
import { connectTo, type ServerAddress } from './connector.ts'
import { type DriverQuery, isDriverQuery } from './driver-query.ts'
import { DriverSocket } from './driver-socket.ts'
import { type OpenSocket, LoginSocket } from './login-socket.ts'
import { sendCancel } from './cancel.ts'
import { singleSocket } from './single-socket.ts'
import { DriverUnsupportedError, OptionsInvalidError } from '../../words/errors.ts'
import type { DatabaseOption } from '../../settings/config/index.ts'

// The one place that knows postgres.js from the inside. What is read here is checked here, so that a new version of the
// driver that works differently is refused instead of misunderstood.

/** What is set for every client of ours, whatever the user's options say. */
const FIXED = {
  max: 1,
  idle_timeout: null,
  max_lifetime: null,
  // The driver takes what is left out from variables such as PGDEBUG and PGMAX_PIPELINE (D-04).
  debug: false,
  max_pipeline: 100,
  // The driver would open a second client in each lane, for replication.
  no_subscribe: true,
  // The driver fetches them in a promise that nobody handles: a connection lost just then would end the process.
  fetch_types: false
}

/** The driver, configured for one database. */
export interface Driver {
  /** Builds queries, fragments and helpers, and never connects. */
  readonly builder: Sql
  /** Whether the user wants statements to be prepared by name. */
  readonly isPreparing: boolean
  readonly arrayTypes: ArrayTypes
  /** Whether array types are to be read from the server at the start. */
  readonly fetchTypes: boolean
  /**
   * Opens one more client, for one connection. It shares types and parsers with the builder, so that a query of one runs
   * on the other. `onEnd` is called once, before the driver hears that the connection has ended.
   */
  open (onEnd: (error: Error | undefined) => void, options?: ClientOptions): OpenClient
  /** Opens a socket and logs in, as the driver does it, with these start-up parameters beside the user's. */
  logIn (parameters: Readonly<Record<string, string>>): Promise<OpenSocket>
  /**
   * Opens a client whose socket is `socket`, and returns the function that hands it a query. With `isOurs` the types and
   * transforms of the user are left out: they must not change what the package asks for itself, nor what it reads.
   */
  openLane (socket: object, isOurs: boolean): Execute
  /** Asks the server to cancel what the backend with this key is doing. */
  cancel (key: OpenSocket['key']): Promise<void>
}

/** What one client has of its own. */
export interface ClientOptions {
  readonly fetch_types?: boolean
  /** Called with every notification of a channel that the client listens to. */
  readonly onnotify?: (channel: string, payload: string) => void
}

/** Hands a query to a client of the driver. */
export type Execute = (query: DriverQuery) => void

/** A client of the driver with one connection, which it does not open again. */
export interface OpenClient {
  readonly sql: Sql
  /** Ends the connection now, and rejects what is on its way. */
  abort (): void
}

/**
 * Returns the driver for one database.
 *
 * @throws {DriverUnsupportedError} FST_TENANCY_DRIVER_UNSUPPORTED — the installed postgres.js is built differently.
 */
export function openDriver (database: DatabaseOption, connectTimeoutMs: number): Driver {
  const fixed = { ...FIXED, connect_timeout: Math.ceil(connectTimeoutMs / 1000) }
  const silent = { onnotice: () => {} }
  const never = { socket: () => { throw new Error('the builder does not connect') } }
  const fetchTypes = typeof database === 'string' || database.fetch_types !== false
  const builder: Sql = typeof database === 'string'
    ? construct(database, { ...silent, ...fixed, ...never })
    : construct({ ...silent, ...database, ...fixed, ...never })
  const parsed = builder.options
  const host = parsed.host[0]
  const port = parsed.port[0]
  assertOneHost(parsed)
  if (!('shared' in parsed) || host === undefined || port === undefined || !isDriverQuery(builder``)) throw new DriverUnsupportedError()
  const address: ServerAddress = {
    host,
    port,
    // The driver's `path` is false, against its types, where there is no Unix socket.
    path: typeof parsed.path === 'string' ? parsed.path : undefined,
    ssl: parsed.ssl,
    isTlsDirect: Reflect.get(parsed, 'sslnegotiation') === 'direct'
  }
  const connect = () => connectTo(address, connectTimeoutMs)
  const untouched = untouchedValues()
  return {
    builder,
    fetchTypes,
    arrayTypes: new ArrayTypes(parsed),
    isPreparing: parsed.prepare,
    open: (onEnd, options) => openClient(parsed, { address, connect }, onEnd, options),
    logIn: (parameters) => logIn(parsed, { address, connect }, parameters, connectTimeoutMs),
    openLane: (socket, isOurs) => executeOf(construct({ ...parsed, ...(isOurs ? untouched : {}), ssl: false, connect_timeout: 0, socket: () => socket })),
    cancel: async (key) => await sendCancel(await connect(), key)
  }
}

/** The options were looked at before, but PGHOST and PGTARGETSESSIONATTRS are the driver's own. */
function assertOneHost ({ host, target_session_attrs: target }: Sql['options']): void {
  if (host.length > 1 || target) throw new OptionsInvalidError('- PGHOST must be one host, and PGTARGETSESSIONATTRS must not be set: several hosts are not there yet.')
}

/** The driver logs in; at its first ReadyForQuery the socket is taken from it. */
function logIn (parsed: Sql['options'], { address, connect }: Connecting, parameters: Readonly<Record<string, string>>, timeoutMs: number): Promise<OpenSocket> {
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

interface Connecting {
  readonly address: ServerAddress
  readonly connect: () => ReturnType<typeof connectTo>
}

function openClient (parsed: Sql['options'], { address, connect }: Connecting, onEnd: (error: Error | undefined) => void, options: object = {}): OpenClient {
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

function passwordOf (parsed: Sql['options']): unknown {
  return Reflect.get(parsed, 'pass')
}

/** How the driver reads and writes values when nobody has told it otherwise. */
function untouchedValues (): object {
  const { parsers, serializers, transform, types } = construct({ host: 'nowhere', no_subscribe: true }).options
  return { parsers, serializers, transform, types, onnotice: () => {} }
}

/** Returns what hands a query to the connection of `client`. */
function executeOf (client: Sql): Execute {
  const query: unknown = client``
  if (!isDriverQuery(query)) throw new DriverUnsupportedError()
  return query.handler
}

/** Calls the driver's function with options that its types do not tell of: those that it has parsed before. */
function construct (...args: unknown[]): Sql {
  return Reflect.apply(postgres, undefined, args)
}
