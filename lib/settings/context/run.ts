import { AsyncResource } from 'node:async_hooks'
import { CrossTenantError } from '../../words/errors/index.ts'
import type { Tenant, TenantContext, TransactionScope } from '../../words/types.ts'
import { tenantStore } from './store.ts'

/** Returns the frozen context of a tenant, inside `transaction` if one is given. */
export function tenantContext (tenant: Tenant, transaction: TransactionScope | null = null): TenantContext {
  return Object.freeze({ tenant, transaction })
}

/**
 * Calls `fn` with `context` as the tenant context and returns what it returns.
 *
 * WHY run() AND NEVER enterWith(): on Node 20 and 22 enterWith() in a hook hands the tenant to the next request on the
 * same keep-alive or pipelined socket.
 */
export function runInContext<T> (context: TenantContext, fn: () => T): T {
  return tenantStore.run(context, fn)
}

/** Calls `fn` outside of every tenant context, whatever was inherited from a socket or a caller. */
export function runOutsideContext<T> (fn: () => T): T {
  return tenantStore.run(undefined, fn)
}

/**
 * Throws unless a context for `tenant` may be entered from here: from outside, or from that tenant's own context.
 *
 * @throws {CrossTenantError} FST_TENANCY_CONTEXT_CROSS_TENANT — another tenant's context is active.
 */
export function assertMayEnter (tenant: Tenant): void {
  const current = tenantStore.getStore()
  if (current !== undefined && current.tenant.id !== tenant.id) throw new CrossTenantError()
}

/** Returns `fn` bound to everything the caller's async context holds, this store included. */
export function bindToCaller<A extends unknown[], R> (fn: (...args: A) => R): (...args: A) => R {
  return AsyncResource.bind(fn)
}
