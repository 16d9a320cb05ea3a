import type { FastifyRequest } from 'fastify'
import { assertMayEnter, runInContext } from '../../settings/context/index.ts'
import { ContextMissingError } from '../../words/errors/index.ts'
import type { TenantContext } from '../../words/types.ts'

/** What `request.tenancy` is. */
export interface RequestTenancy {
  /**
   * Calls `fn` in this request's tenant context and returns what it returns. In a route that is one transaction `fn`
   * belongs to it for as long as it is open.
   *
   * @example
   * socket.on('message', (deal) => request.tenancy.run(() => app.sql`insert into deals ${app.sql(JSON.parse(deal))}`))
   *
   * @throws {ContextMissingError} FST_TENANCY_CONTEXT_MISSING — the request has no tenant.
   * @throws {CrossTenantError} FST_TENANCY_CONTEXT_CROSS_TENANT — another tenant's context is active.
   */
  run<T> (fn: () => T): T
  /**
   * Returns `fn` bound to this request's tenant context, for event emitters: it is entered whoever calls.
   *
   * @example
   * socket.on('message', request.tenancy.bind((message) => handle(message)))
   *
   * @throws {ContextMissingError} FST_TENANCY_CONTEXT_MISSING — the request has no tenant.
   */
  bind<A extends unknown[], R> (fn: (...args: A) => R): (...args: A) => R
}

/**
 * The tenant context of each request, kept beside the AsyncLocalStorage store: time-outs, aborts and web sockets call
 * back without the store, and a request is always at hand there.
 */
const contexts = new WeakMap<FastifyRequest, TenantContext>()

export function contextOf (request: FastifyRequest): TenantContext | undefined {
  return contexts.get(request)
}

export function setContext (request: FastifyRequest, context: TenantContext): void {
  contexts.set(request, context)
}

export function requestTenancy (request: FastifyRequest): RequestTenancy {
  return {
    run (fn) {
      const context = requireContext(request)
      assertMayEnter(context.tenant)
      return runInContext(context, fn)
    },
    bind (fn) {
      requireContext(request)
      return (...args) => runInContext(requireContext(request), () => fn(...args))
    }
  }
}

function requireContext (request: FastifyRequest): TenantContext {
  const context = contexts.get(request)
  if (context === undefined) throw new ContextMissingError()
  return context
}
