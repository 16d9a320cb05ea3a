import type { Sql } from 'postgres'
import { bindToCaller, currentContext } from '../../settings/context/index.ts'
import type { TenantContext, TenantId } from '../../words/types.ts'
import type { StartStatement, StatementResult } from '../lanes/index.ts'
import { type DriverQuery, isDriverHelper, isDriverIdentifier, isDriverQuery } from '../wire/index.ts'

/** The context in which each query, fragment and helper was written; undefined for one written outside. */
const writers = new WeakMap<object, TenantContext | undefined>()

/** Remembers that `part` was written here and now. */
export function rememberWriter (part: object): void {
  writers.set(part, currentContext())
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

function collectWriters (part: unknown, found: Set<TenantId>): void {
  if (typeof part !== 'object' || part === null) return
  const writer = writers.get(part)
  if (writer !== undefined) found.add(writer.tenant.id)
  if (isDriverQuery(part)) part.args.forEach((inner) => collectWriters(inner, found))
  else if (isDriverHelper(part)) rowsOf(part.first).forEach((row) => collectFromRow(row, found))
  else if (Array.isArray(part)) part.forEach((inner) => collectWriters(inner, found))
}

/** A helper holds a row or several; of what class a row is does not matter to the driver. */
function collectFromRow (row: unknown, found: Set<TenantId>): void {
  if (typeof row === 'object' && row !== null) Object.values(row).forEach((value) => collectWriters(value, found))
}

function rowsOf (first: unknown): readonly unknown[] {
  return Array.isArray(first) ? [first, ...first] : [first]
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
