import type { FastifyInstance } from 'fastify'
import { runInContext, runOutsideContext, tenantContext } from '../../settings/context/index.ts'
import type { Tenant } from '../../words/types.ts'
import type { Admission } from './admission.ts'
import { contextOf, setContext } from './request-state.ts'
import { parseRouteRule } from './route-rule.ts'

/**
 * Adds the hooks that carry the tenant through a request.
 *
 * WHY A CALLBACK HOOK WITH run() AND NEVER enterWith(): see runInContext. A context that is entered after an `await` in a
 * hook is lost when the hook returns, so it is the rest of the request that runs in it: `done`.
 */
export function addContextHooks (fastify: FastifyInstance, { admit, recall }: Admission): void {
  fastify.addHook('onRoute', function checkRouteHook (route) {
    parseRouteRule(route.config?.tenancy, `${String(route.method)} ${route.url}`)
  })

  fastify.addHook('onRequest', function runWithTenantHook (request, _reply, done) {
    const enter = (tenant: Tenant | undefined): void => {
      if (tenant === undefined) return done()
      const context = tenantContext(tenant)
      setContext(request, context)
      runInContext(context, done)
    }
    // What a socket, a pipelined request or inject() hands down is left behind before anything else, so that the error
    // handler of a refused request has no tenant either.
    runOutsideContext(() => {
      const tenant = recall(request)
      if (tenant === undefined) admit(request).then(enter, done)
      else enter(tenant)
    })
  })
  // A web-socket request that is refused here was taken away from the HTTP server and given to nobody: unless it is
  // closed it stays open for ever, and strangers could open as many as they like.
  fastify.addHook('onResponse', function closeRefusedUpgradeHook (request, reply, done) {
    const isUpgrade = /^websocket$/i.test(request.headers.upgrade ?? '')
    if (isUpgrade && reply.statusCode >= 400 && contextOf(request) === undefined) request.raw.destroy()
    done()
  })
}
