import type { FastifyInstance } from 'fastify'
import { runInContext, runOutsideContext, tenantContext } from '../../settings/context/index.ts'
import type { Admission } from './admission.ts'
import { contextOf, setContext } from './request-state.ts'
import { parseRouteRule } from './route-rule.ts'

/**
 * Adds the hooks that carry the tenant through a request. Verifying has to wait, and a context that is entered after an
 * `await` in a hook is lost when the hook returns: so one hook verifies, and the next one runs.
 */
export function addContextHooks (fastify: FastifyInstance, admit: Admission): void {
  fastify.addHook('onRoute', function checkRouteHook (route) {
    parseRouteRule(route.config?.tenancy, `${String(route.method)} ${route.url}`)
  })

  // What a socket, a pipelined request or inject() hands down is left behind before anything else, so that the error
  // handler of a refused request has no tenant either.
  fastify.addHook('onRequest', function leaveContextHook (_request, _reply, done) {
    runOutsideContext(done)
  })

  fastify.addHook('onRequest', async function verifyTenantHook (request) {
    const tenant = await admit(request)
    if (tenant !== undefined) setContext(request, tenantContext(tenant))
  })

  // WHY A CALLBACK HOOK WITH run() AND NEVER enterWith(): see runInContext.
  fastify.addHook('onRequest', function runWithTenantHook (request, _reply, done) {
    const context = contextOf(request)
    if (context === undefined) runOutsideContext(done)
    else runInContext(context, done)
  })
  // A web-socket request that is refused here was taken away from the HTTP server and given to nobody: unless it is
  // closed it stays open for ever, and strangers could open as many as they like.
  fastify.addHook('onResponse', function closeRefusedUpgradeHook (request, reply, done) {
    const isUpgrade = /^websocket$/i.test(request.headers.upgrade ?? '')
    if (isUpgrade && reply.statusCode >= 400 && contextOf(request) === undefined) request.raw.destroy()
    done()
  })
}
