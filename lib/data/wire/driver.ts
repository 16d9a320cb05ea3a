import type { Sql } from 'postgres'
import { ArrayTypes } from './array-types.ts'
import { connectTo, type ServerAddress } from './connector.ts'
import { type DriverQuery, isDriverQuery } from './driver-query.ts'
import { type ClientOptions, type OpenClient, type ShortOptions, construct, logIn, openClient, openShort } from './driver-clients.ts'
import type { OpenSocket } from './login-socket.ts'
import { sendCancel } from './cancel.ts'
import { DriverUnsupportedError, OptionsInvalidError } from '../../words/errors/index.ts'
import type { DatabaseOption } from '../../settings/config/index.ts'

// With driver-clients.ts, the one place that knows postgres.js from the inside. What is read here is checked here, so that a new version of the
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
  /**
   * Opens a client that is one connection, and ends with it: whoever uses it afterwards gets errors. Rejects when there is no
   * connection.
   */
  openShort (options: ShortOptions): Promise<Sql>
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

/**
 * Returns the driver for one database. What `model` says of types and transforms holds there too, so that a tenant's
 * queries do not change with its server.
 *
 * @throws {DriverUnsupportedError} FST_TENANCY_DRIVER_UNSUPPORTED — the installed postgres.js is built differently.
 */
export function openDriver (database: DatabaseOption, connectTimeoutMs: number, model: DatabaseOption = database): Driver {
  const fixed = { ...FIXED, connect_timeout: Math.ceil(connectTimeoutMs / 1000) }
  const silent = { onnotice: () => {} }
  const never = { socket: () => { throw new Error('the builder does not connect') } }
  const fetchTypes = typeof model === 'string' || model.fetch_types !== false
  const builder: Sql = typeof database === 'string'
    ? construct(database, { ...silent, ...tasteOf(model), ...fixed, ...never })
    : construct({ ...silent, ...tasteOf(model), ...database, ...fixed, ...never })
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
    openShort: (options) => openShort(parsed, { address, connect }, options),
    logIn: (parameters) => logIn(parsed, { address, connect }, parameters, connectTimeoutMs),
    openLane: (socket, isOurs) => executeOf(construct({ ...parsed, ...(isOurs ? untouched : {}), ssl: false, connect_timeout: 0, socket: () => socket })),
    cancel: async (key) => await sendCancel(await connect(), key)
  }
}

/** The options that say how values are written and read, and not where. */
const TASTE = ['types', 'transform', 'fetch_types', 'prepare', 'onnotice', 'connection']

function tasteOf (model: DatabaseOption): object {
  return typeof model === 'string' ? {} : Object.fromEntries(Object.entries(model).filter(([name]) => TASTE.includes(name)))
}

/** The options were looked at before, but PGHOST and PGTARGETSESSIONATTRS are the driver's own. */
function assertOneHost ({ host, target_session_attrs: target }: Sql['options']): void {
  if (host.length > 1 || target) throw new OptionsInvalidError('- PGHOST must be one host, and PGTARGETSESSIONATTRS must not be set: several hosts are not there yet.')
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
