import { bindToCaller, currentContext } from '../../settings/context/index.ts'
import type { TenantContext, TenantId } from '../../words/types.ts'
import { type DriverQuery, isDriverHelper, isDriverQuery } from '../wire/index.ts'

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

/** Binds what the driver calls with rows to the code that wrote it: the driver runs outside of every tenant. */
export function bindCallbacks (query: DriverQuery): void {
  if (query.forEachFn !== undefined) query.forEachFn = bindToCaller(query.forEachFn)
  if (query.cursorFn !== undefined) query.cursorFn = bindToCaller(query.cursorFn)
}
