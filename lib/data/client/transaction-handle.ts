import type { TransactionSql } from 'postgres'
import { currentContext, runInContext, tenantContext } from '../../settings/context/index.ts'
import type { Enforcement } from '../../settings/enforcement/index.ts'
import type { PlaceSource } from '../places/index.ts'
import { CrossTenantError, DriverUnsupportedError, SqlRefusedError } from '../../words/errors/index.ts'
import type { Tenant } from '../../words/types.ts'
import { assertWrittenBy } from './binding.ts'
import { type Whereabouts, explainError } from './left-place.ts'
import { refusedMembers } from './refusals.ts'
import { Scope } from './scope.ts'
import type { TagFactory, TagRules } from './tag.ts'
import type { QueryRules } from './tenant-query.ts'
import { bindCallbacks } from './written-query.ts'

/** What a transaction or savepoint calls with its handle. */
export type ScopeCallback<T> = (tx: TransactionSql) => T | PromiseLike<T>

interface HandleParts {
  readonly createTag: TagFactory
  readonly cancel: QueryRules['cancel']
  readonly enforcement: Enforcement
  readonly places: PlaceSource
  readonly whereabouts: Whereabouts
}

/** Calls `callback` with a handle of `scope`, in a context that knows of it. */
export async function enterScope<T> (parts: HandleParts, scope: Scope, tenant: Tenant | undefined, callback: ScopeCallback<T>): Promise<T> {
  const call = async (): Promise<T> => await callback(createHandle(parts, scope, tenant))
  return await (tenant === undefined ? call() : runInContext(tenantContext(tenant, scope), call))
}

/** Returns the callback that a user gave, with arrays of queries awaited as the driver does; undefined if it is no function. */
export function userCallback (value: unknown): ScopeCallback<unknown> | undefined {
  if (typeof value !== 'function') return undefined
  return (tx) => {
    const returned: unknown = Reflect.apply(value, undefined, [tx])
    return Array.isArray(returned) ? Promise.all(returned) : returned
  }
}

/** Runs `callback` in a savepoint of `scope`, or of the savepoint inside it that the caller is in. */
export async function savepointIn<T> (
  parts: HandleParts, scope: Scope, tenant: Tenant | undefined, name: string | undefined, callback: ScopeCallback<T>
): Promise<T> {
  const active = currentContext()?.transaction
  const parent = active instanceof Scope && active.isAlive && active.isWithin(scope) ? active : scope
  return await parent.savepoint(name, (savepoint) => enterScope(parts, savepoint, tenant, callback))
}

function createHandle (parts: HandleParts, scope: Scope, tenant: Tenant | undefined): TransactionSql {
  const { prepare } = refusedMembers()
  const handle: unknown = Object.assign(parts.createTag(handleRules(parts, tenant, (query) => scope.send(query))), {
    prepare,
    savepoint: async (...args: readonly unknown[]) => {
      const [name, last] = args.length > 1 ? args : [undefined, args[0]]
      const callback = userCallback(last)
      if (callback === undefined) throw new SqlRefusedError('tx.savepoint needs a function: tx.savepoint(async (tx) => { … }).')
      return await savepointIn(parts, scope, tenant, typeof name === 'string' ? name : undefined, callback)
    }
  })
  if (!isTransactionSql(handle)) throw new DriverUnsupportedError()
  return handle
}

/** The rules of a handle that belongs to one tenant: whatever the context is, `send` gets only that tenant's queries. */
export function handleRules (parts: Omit<HandleParts, 'builder'>, tenant: Tenant | undefined, send: QueryRules['send']): TagRules {
  const assertReader = (): void => assertSameTenant(tenant, parts.enforcement)
  return {
    send (query) {
      assertReader()
      if (tenant !== undefined) assertWrittenBy(tenant, query, parts.enforcement)
      bindCallbacks(query)
      send(query)
    },
    assertReader,
    cancel: parts.cancel,
    explain: (_query, error) => explainError(parts.whereabouts, tenant, error),
    nameOfChannel: (channel) => parts.places.home.channels.nameOf(tenant, channel)
  }
}

/** The handle names its tenant, so it works where Node.js lost the context; under another tenant it does not (D-01). */
function assertSameTenant (tenant: Tenant | undefined, enforcement: Enforcement): void {
  const active = currentContext()
  if (tenant !== undefined && active !== undefined && active.tenant.id !== tenant.id) enforcement.refuse(new CrossTenantError())
}

function isTransactionSql (handle: unknown): handle is TransactionSql {
  return typeof handle === 'function' && 'savepoint' in handle && 'unsafe' in handle
}
