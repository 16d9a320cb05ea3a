import { type Readable, Stream } from 'node:stream'
import type { Sql } from 'postgres'
import { DriverUnsupportedError } from '../../words/errors/index.ts'

// What postgres.js's queries and helpers look like inside; with driver.ts the one place that knows.

/** A lazy query of postgres.js, as its `Query` class is built in 3.4. */
export interface DriverQuery {
  readonly tagged: boolean
  strings: readonly string[]
  readonly args: readonly unknown[]
  readonly options: { readonly simple?: boolean }
  /** Called once, by whoever first awaits the query. */
  handler: (query: DriverQuery) => void
  canceller: ((query: DriverQuery) => void) | null
  /** Ends the query with its result. */
  readonly resolve: (result: unknown) => void
  /** Sends the query now, whether anybody awaits it or not. */
  execute (): unknown
  readonly reject: (error: unknown) => void
  readonly isRaw?: boolean | 'values'
  forEachFn?: (...row: unknown[]) => void
  cursorFn?: (rows: unknown) => unknown
  /** Returns the query itself, or batches of rows to iterate over. */
  cursor (...args: readonly unknown[]): unknown
  readonly onlyDescribe?: boolean
  readonly streaming?: boolean
}

/** The driver's class of queries. */
export type DriverQueryClass = new (
  strings: readonly string[], args: readonly unknown[], handler: (query: DriverQuery) => void, canceller: (query: DriverQuery) => void, options?: object
) => DriverQuery & Promise<unknown>

/** Returns the class that the queries of `builder` are made of. */
export function queryClassOf (builder: Sql): DriverQueryClass {
  const found: unknown = Reflect.get(builder``, 'constructor')
  if (!isQueryClass(found)) throw new DriverUnsupportedError()
  return found
}

function isQueryClass (value: unknown): value is DriverQueryClass {
  return typeof value === 'function' && value.prototype instanceof Promise
}

/**
 * Lets V8 compile the driver's class of results; `result` is one of them. Node.js 20 never does for a class that was written with a
 * computed static name, as this one was: it starts some thirty times a second, throws each attempt away, and makes every
 * result with the slow code. Being extended changes that, and nothing else about the class.
 */
export function letResultsBeCompiled (result: object): void {
  const Result: unknown = result.constructor
  if (isClass(Result)) extend(Result)
}

function extend (Base: new () => object): object {
  return class extends Base {}
}

function isClass (value: unknown): value is new () => object {
  return typeof value === 'function'
}

/** Tells whether `value` is a query or fragment of postgres.js. */
export function isDriverQuery (value: unknown): value is DriverQuery {
  return value instanceof Promise && 'handler' in value && typeof value.handler === 'function' &&
    'strings' in value && Array.isArray(value.strings) && 'args' in value && Array.isArray(value.args) &&
    'tagged' in value && 'canceller' in value && 'resolve' in value && 'reject' in value && 'options' in value && 'execute' in value
}

/** A helper of postgres.js, such as `sql(row, 'a', 'b')`, whose text is not known before it is sent. */
export function isDriverHelper (value: unknown): value is { readonly first: unknown, readonly rest: readonly unknown[] } {
  return typeof value === 'object' && value !== null && 'first' in value && 'rest' in value && 'build' in value
}

/**
 * Calls `failed` with the error of a query that has settled already: the driver tells nobody when the server refuses a
 * COPY at its end, and its stream would wait for ever.
 */
export function onLateError (query: object, failed: (error: Error) => void): void {
  Reflect.set(query, 'reject', (error: unknown) => failed(error instanceof Error ? error : new Error(String(error))))
}

/**
 * Calls `fn` with the stream of a COPY before anything else can happen to it: an error that came with its first byte would
 * be told before whoever awaits the stream has it, and end the process (D-09).
 */
export function onStream (query: object, fn: (stream: Stream) => void): void {
  const resolve: unknown = Reflect.get(query, 'resolve')
  Reflect.set(query, 'resolve', (result: unknown) => {
    if (result instanceof Stream) fn(result)
    if (typeof resolve === 'function') resolve(result)
  })
}

/**
 * Lets the connection of a `copy … to stdout` go on when its rows were read, or when the server gave up: the driver pauses it
 * while they are not read, and forgets to let it go on when the last of them, or an error, arrives meanwhile. Every answer
 * behind them would be waited for for ever.
 */
export function goOnBehind (rows: Readable): void {
  rows.once('close', () => {
    try {
      rows._read(0)
    } catch {
      // The connection is gone already, and says so to whoever uses it next.
    }
  })
}
