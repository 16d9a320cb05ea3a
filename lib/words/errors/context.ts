import createError from '@fastify/error'

/** Code that needs a tenant runs outside every tenant context. */
export const ContextMissingError = createError('FST_TENANCY_CONTEXT_MISSING',
  'There is no tenant context here. Use runWithTenant(id, fn), or request.tenancy.run(fn) where Node.js lost the context (web sockets, abort and timeout hooks).', 500)

/** A statement or callback of one tenant was about to run in the context of another. */
export const CrossTenantError = createError('FST_TENANCY_CONTEXT_CROSS_TENANT',
  'This belongs to one tenant and was about to run as another. Await a statement in the context that wrote it, and keep loaders and caches per request.', 500)

/** Two copies of the package are loaded: each would have a store of its own. */
export const TwoCopiesError = createError('FST_TENANCY_CONTEXT_TWO_COPIES',
  'Two copies of zakops-tenancy are loaded in this process, each with its own tenant context: keep one ("npm ls zakops-tenancy" shows them).', 500)
