import Fastify, { type FastifyInstance } from 'fastify'
import zakopsTenancy, { type TenancyOptions } from 'zakops-tenancy'
import { approvalRoutes } from './approvals.ts'
import { dealRoutes } from './deals.ts'

/** Options of the plugin, and how much the server logs. */
export type ServerOptions = TenancyOptions & { readonly logLevel?: string }

/** Returns the server, ready to listen. No route names a tenant: the plugin takes it from the token. */
export async function buildServer ({ logLevel = 'warn', ...tenancy }: ServerOptions): Promise<FastifyInstance> {
  const app = Fastify({ logger: { level: logLevel } })
  await app.register(zakopsTenancy, tenancy)

  app.get('/health', { config: { tenancy: false } }, async () => ({ ok: true }))
  app.get('/me', async ({ tenant }) => ({ id: tenant?.id, name: tenant?.name }))
  await app.register(dealRoutes, { prefix: '/deals' })
  await app.register(approvalRoutes, { prefix: '/deals/:id/approvals' })
  return app
}
