import { types } from 'node:util'
import { bindToCaller, currentContext } from '../../settings/context/index.ts'
import type { TenantContext, TenantId } from '../../words/types.ts'
import { type DriverQuery, isDriverHelper, isDriverQuery } from '../wire/index.ts'

/** The object that it is given, so that a class below can write a private field on what others have made. */
class Given {
  constructor (part: object) {
    return part
  }
}

/**
 * The context in which a query, fragment or helper was written; undefined for one written outside. In a private field, where nobody
 * who has the query can read or set it.
 */
class Written extends Given {
  readonly #writer: TenantContext | undefined

  constructor (part: object) {
    super(part)
    this.#writer = currentContext()
  }

  static remember (part: object): void {
    if (!(#writer in part)) Reflect.construct(Written, [part])
  }

  static writerOf (part: object): TenantContext | undefined {
    return #writer in part ? part.#writer : undefined
  }
}

/** Remembers that `part` was written here and now. */
export function rememberWriter (part: object): void {
  Written.remember(part)
}

/** Returns the context that `query` was written in, or undefined. */
export function writerOf (query: DriverQuery): TenantContext | undefined {
  return Written.writerOf(query)
}

/**
 * Tells whether another tenant than `tenantId` wrote `part`, or a part of it. A fragment written outside every context, such as
 * a constant list of columns, belongs to nobody and may be used by all; one with another tenant's values in it may not.
 * Of a proxy nobody can tell whose it is.
 */
export function isWrittenByAnother (part: unknown, tenantId: TenantId): boolean {
  if (typeof part !== 'object' || part === null) return false
  const writer = Written.writerOf(part)
  if (writer !== undefined && writer.tenant.id !== tenantId) return true
  if (types.isProxy(part) && (isDriverQuery(part) || isDriverHelper(part))) return true
  if (isDriverQuery(part)) return isOneWrittenByAnother(part.args, tenantId)
  if (isDriverHelper(part)) return rowsOf(part.first).some((row) => isOneWrittenByAnother(valuesOf(row), tenantId))
  return Array.isArray(part) && isOneWrittenByAnother(part, tenantId)
}

function isOneWrittenByAnother (parts: readonly unknown[], tenantId: TenantId): boolean {
  for (let at = 0; at < parts.length; at++) if (isWrittenByAnother(parts[at], tenantId)) return true
  return false
}

/** A helper holds a row or several; of what class a row is does not matter to the driver. */
function valuesOf (row: unknown): readonly unknown[] {
  return typeof row === 'object' && row !== null ? Object.values(row) : []
}

function rowsOf (first: unknown): readonly unknown[] {
  return Array.isArray(first) ? [first, ...first] : [first]
}

/** Binds what the driver calls with rows to the code that wrote it: the driver runs outside of every tenant. */
export function bindCallbacks (query: DriverQuery): void {
  if (query.forEachFn !== undefined) query.forEachFn = bindToCaller(query.forEachFn)
  if (query.cursorFn !== undefined) query.cursorFn = bindToCaller(query.cursorFn)
}
