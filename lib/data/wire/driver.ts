import postgres, { type Sql } from 'postgres'
import { connectTo, type ServerAddress } from './connector.ts'
import { type DriverQuery, isDriverQuery } from './driver-query.ts'
import { DriverSocket } from './driver-socket.ts'
import { type OpenSocket, LoginSocket } from './login-socket.ts'
import { sendCancel } from './cancel.ts'
import { DriverUnsupportedError } from '../../words/errors.ts'
import type { DatabaseOption } from '../../settings/config/index.ts'

// The one place that knows postgres.js from the inside. What is read here is checked here, so that a new version of the
// driver that works differently is refused instead of misunderstood.

/** What is set for every client of ours, whatever the user's options say. */
const FIXED = {
  max: 1,
  idle_timeout: null,
  max_lifetime: null,
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
  /** Whether array types are to be read from the server at the start. */
  readonly fetchTypes: boolean
  /**
   * Opens one more client, for one connection. It shares types and parsers with the builder, so that a query of one runs
   * on the other. `onEnd` is called once, before the driver hears that the connection has ended.
   */
  open (onEnd: (error: Error | undefined) => void, options?: { readonly fetch_types?: boolean }): OpenClient
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
    isPreparing: parsed.prepare,
    open: (onEnd, options) => openClient(parsed, { address, connect }, onEnd, options),
    logIn: (parameters) => logIn(parsed, { address, connect }, parameters, connectTimeoutMs),
    openLane: (socket, isOurs) => executeOf(construct({ ...parsed, ...(isOurs ? untouched : {}), ssl: false, connect_timeout: 0, socket: () => socket })),
    cancel: async (key) => await sendCancel(await connect(), key)
  }
}

/** The driver logs in; at its first ReadyForQuery the socket is taken from it. */
function logIn (parsed: Sql['options'], { address, connect }: Connecting, parameters: Readonly<Record<string, string>>, timeoutMs: number): Promise<OpenSocket> {
  let socket: LoginSocket | undefined
  const loggedIn = new Promise<OpenSocket>((resolve, reject) => {
    const open = (): LoginSocket => (socket = new LoginSocket(address, connect(), resolve))
    const client = construct({ ...parsed, connection: { ...parsed.connection, ...parameters }, ssl: false, connect_timeout: 0, socket: open })
    // Never answered: the socket is gone by then, and the promise of it with it.
    client`select`.then(() => reject(new Error('the socket was not taken over')), reject)
  })
  return new Promise((resolve, reject) => {
    // The driver's own timer would outlive the log-in and keep the process.
    const timer = setTimeout(() => {
      const error = new Error('no log-in before the deadline')
      socket?.fail(error)
      reject(error)
    }, timeoutMs)
    loggedIn.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

interface Connecting {
  readonly address: ServerAddress
  readonly connect: () => ReturnType<typeof connectTo>
}

function openClient (parsed: Sql['options'], { address, connect }: Connecting, onEnd: (error: Error | undefined) => void, options: object = {}): OpenClient {
  let socket: DriverSocket | undefined
  let hasEnded = false
  const end = (error: Error | undefined): void => {
    hasEnded = true
    onEnd(error)
  }
  const password: unknown = Reflect.get(parsed, 'pass')
  const sql = construct({
    ...parsed,
    ...options,
    ssl: false,
    // A password that comes when the connection has gone would be written to nothing, and end the process (D-09).
    pass: typeof password === 'function' ? async () => await unlessEnded(await password(), () => hasEnded) : password,
    socket: () => {
      // The driver would reconnect by itself and go on in the middle of what was a transaction (D-02, D-03).
      if (socket !== undefined || hasEnded) throw new Error('this client does not reconnect')
      socket = new DriverSocket(address, connect(), end)
      return socket
    }
  })
  return {
    sql,
    abort () {
      hasEnded = true
      // An error of its own, because the driver writes the statement and its parameters into it.
      socket?.fail(new Error('the connection was given up'))
      sql.end({ timeout: 0 }).catch(() => {})
    }
  }
}

function unlessEnded<T> (value: T, hasEnded: () => boolean): T | Promise<never> {
  return hasEnded() ? new Promise<never>(() => {}) : value
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
