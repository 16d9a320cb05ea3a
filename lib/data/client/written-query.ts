import type { Sql } from 'postgres'
import { bindToCaller, currentContext } from '../../settings/context/index.ts'
import type { TenantContext, TenantId } from '../../words/types.ts'
import type { StartStatement, StatementResult } from '../lanes/index.ts'
import { type DriverQuery, isDriverHelper, isDriverIdentifier, isDriverQuery } from '../wire/index.ts'

/** The context in which each query and fragment was written; undefined for one written outside. */
const writers = new WeakMap<DriverQuery, TenantContext | undefined>()

/** Remembers that `query` was written here and now. */
export function rememberWriter (query: DriverQuery): void {
  writers.set(query, currentContext())
}

/** Returns the context that `query` was written in, or undefined. */
export function writerOf (query: DriverQuery): TenantContext | undefined {
  return writers.get(query)
}

/**
 * Returns every tenant that wrote a part of `query`. A fragment written outside every context, such as a constant list
 * of columns, belongs to nobody and may be used by all; one with another tenant's values in it may not.
 */
export function writersOf (query: DriverQuery): ReadonlySet<TenantId> {
  const found = new Set<TenantId>()
  collectWriters(query, found)
  return found
}

function collectWriters (value: unknown, found: Set<TenantId>): void {
  if (isDriverQuery(value)) {
    const writer = writers.get(value)
    if (writer !== undefined) found.add(writer.tenant.id)
    value.args.forEach((part) => collectWriters(part, found))
  } else if (isDriverHelper(value)) {
    collectWriters(value.first, found)
  } else if (Array.isArray(value)) {
    value.forEach((part) => collectWriters(part, found))
  } else if (isPlainObject(value)) {
    Object.values(value).forEach((part) => { if (part instanceof Promise) collectWriters(part, found) })
  }
}

function isPlainObject (value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

/**
 * Returns the text of `query` as far as it can be known before it is built: parameters as `$1`, fragments and
 * identifiers as they are, and nothing behind the first helper, whose text is not known yet.
 */
export function knownText (query: DriverQuery): string {
  return knownPart(query).text
}

function knownPart (query: DriverQuery): { readonly text: string, readonly isWhole: boolean } {
  let text = query.strings[0] ?? ''
  for (const [index, part] of query.args.slice(0, query.strings.length - 1).entries()) {
    const inner = textOf(part)
    text += inner.text
    if (!inner.isWhole) return { text, isWhole: false }
    text += query.strings[index + 1] ?? ''
  }
  return { text, isWhole: true }
}

function textOf (part: unknown): { readonly text: string, readonly isWhole: boolean } {
  if (isDriverQuery(part)) return knownPart(part)
  if (isDriverIdentifier(part)) return { text: part.value, isWhole: true }
  const isOpaque = isDriverHelper(part) || (Array.isArray(part) && isDriverQuery(part[0]))
  return isOpaque ? { text: '', isWhole: false } : { text: '$1', isWhole: true }
}

/**
 * Returns a function that sends the same query on the client of a lane, by the extended protocol, which takes one
 * statement only. The lane's query is a new one, so that nobody who holds the first can reach the lane (D-01, D-21).
 */
export function onLane (query: DriverQuery): StartStatement<StatementResult> {
  const onRow = query.forEachFn === undefined ? undefined : bindToCaller(query.forEachFn)
  return (client: Sql) => {
    const sent = query.tagged
      ? Reflect.apply(client, undefined, [query.strings, ...query.args])
      : Reflect.apply(client.unsafe, undefined, [query.strings[0], query.args, { simple: false, prepare: false }])
    if (query.isRaw === true) sent.raw()
    if (query.isRaw === 'values') sent.values()
    return onRow === undefined ? sent : sent.forEach(onRow)
  }
}
