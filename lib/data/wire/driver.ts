import postgres, { type Sql } from 'postgres'
import { DriverUnsupportedError } from '../../words/errors.ts'
import type { DatabaseOption } from '../../settings/config/index.ts'

// The one place that knows postgres.js from the inside. What is read here is checked here, so that a new version of the
// driver that works differently is refused instead of misunderstood.

/** A lazy query of postgres.js, as its `Query` class is built in 3.4. */
export interface DriverQuery {
  readonly tagged: boolean
  readonly strings: readonly string[]
  readonly args: readonly unknown[]
  readonly options: { readonly simple?: boolean }
  /** Called once, by whoever first awaits the query. */
  handler: (query: DriverQuery) => void
  canceller: ((query: DriverQuery) => void) | null
  resolve: (result: unknown) => void
  reject: (error: unknown) => void
  readonly isRaw?: boolean | 'values'
  readonly forEachFn?: (...row: unknown[]) => void
  readonly cursorFn?: unknown
  readonly onlyDescribe?: boolean
  readonly streaming?: boolean
}

/** Tells whether `value` is a query or fragment of postgres.js. */
export function isDriverQuery (value: unknown): value is DriverQuery {
  return value instanceof Promise && 'handler' in value && typeof value.handler === 'function' &&
    'strings' in value && Array.isArray(value.strings) && 'args' in value && Array.isArray(value.args) &&
    'tagged' in value && 'canceller' in value && 'resolve' in value && 'reject' in value && 'options' in value
}

/** A helper of postgres.js, such as `sql(row, 'a', 'b')`, whose text is not known before it is sent. */
export function isDriverHelper (value: unknown): value is { readonly first: unknown, readonly rest: readonly unknown[] } {
  return typeof value === 'object' && value !== null && 'first' in value && 'rest' in value && 'build' in value
}

/** An identifier of postgres.js, such as `sql('column')`. */
export function isDriverIdentifier (value: unknown): value is { readonly value: string } {
  return typeof value === 'object' && value !== null && value.constructor?.name === 'Identifier' &&
    'value' in value && typeof value.value === 'string'
}

/** What is set for every client of ours, whatever the user's options say. */
const FIXED = {
  max: 1,
  idle_timeout: null,
  max_lifetime: null,
  // One connection serves many schemas, and a plan named by its text alone would be another schema's (p1, D-08).
  prepare: false,
  // The driver fetches them in a promise that nobody handles: a connection lost just then would end the process.
  fetch_types: false
}

/** The driver, configured for one database. */
export interface Driver {
  /** Builds queries, fragments and helpers, and never connects. */
  readonly builder: Sql
  /** Where to connect to. */
  readonly address: { readonly host: string, readonly port: number, readonly path: string | undefined }
  /** Whether array types are to be read from the server at the start. */
  readonly fetchTypes: boolean
  /** Opens one more client. It shares types and parsers with the builder, so that a query of one runs on another. */
  open (options: object): Sql
}

/**
 * Returns the driver for one database.
 *
 * @throws {DriverUnsupportedError} FST_TENANCY_DRIVER_UNSUPPORTED — the installed postgres.js is built differently.
 */
export function openDriver (database: DatabaseOption, connectTimeoutMs: number): Driver {
  const fixed = { ...FIXED, connect_timeout: Math.ceil(connectTimeoutMs / 1000) }
  const silent = { onnotice: () => {} }
  const fetchTypes = typeof database === 'string' || database.fetch_types !== false
  const builder: Sql = typeof database === 'string'
    ? construct(database, { ...silent, ...fixed })
    : construct({ ...silent, ...database, ...fixed })
  const parsed = builder.options
  const host = parsed.host[0]
  const port = parsed.port[0]
  if (!('shared' in parsed) || host === undefined || port === undefined || !isDriverQuery(builder``)) throw new DriverUnsupportedError()
  return {
    builder,
    // The driver's `path` is false, against its types, where there is no Unix socket.
    address: { host, port, path: typeof parsed.path === 'string' ? parsed.path : undefined },
    fetchTypes,
    open: (options) => construct({ ...parsed, ...options })
  }
}

/** Calls the driver's function with options that its types do not tell of: those that it has parsed before. */
function construct (...args: unknown[]): Sql {
  return Reflect.apply(postgres, undefined, args)
}
