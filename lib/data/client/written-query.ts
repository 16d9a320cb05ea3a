import { bindToCaller, currentContext } from '../../settings/context/index.ts'
import type { TenantContext, TenantId } from '../../words/types.ts'
import { type DriverQuery, isDriverHelper, isDriverQuery } from '../wire/index.ts'

/** The context in which a query or fragment was written; undefined for one written outside. */
export const WRITER = Symbol('writer')

/** A query or fragment of the tenant client. It remembers its writer itself, because an entry in a weak map costs as much as sending it. */
interface WrittenQuery {
  readonly [WRITER]: TenantContext | undefined
  readonly args: readonly unknown[]
}

/** The same of each helper, which is the driver's own. */
const writers = new WeakMap<object, TenantContext | undefined>()

/** Remembers that `helper` was written here and now. */
export function rememberWriter (helper: object): void {
  writers.set(helper, currentContext())
}

/** Returns the context that `query` was written in, or undefined. */
export function writerOf (query: DriverQuery): TenantContext | undefined {
  return isWritten(query) ? query[WRITER] : undefined
}

/**
 * Tells whether another tenant than `tenantId` wrote `part`, or a part of it. A fragment written outside every context, such as
 * a constant list of columns, belongs to nobody and may be used by all; one with another tenant's values in it may not.
 */
export function isWrittenByAnother (part: unknown, tenantId: TenantId): boolean {
  if (typeof part !== 'object' || part === null) return false
  const isAnothers = (inner: unknown): boolean => isWrittenByAnother(inner, tenantId)
  const writer = isWritten(part) ? part[WRITER] : writers.get(part)
  if (writer !== undefined && writer.tenant.id !== tenantId) return true
  if (isWritten(part) || isDriverQuery(part)) return part.args.some(isAnothers)
  if (isDriverHelper(part)) return rowsOf(part.first).some((row) => valuesOf(row).some(isAnothers))
  return Array.isArray(part) && part.some(isAnothers)
}

function isWritten (part: object): part is WrittenQuery {
  return WRITER in part
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
