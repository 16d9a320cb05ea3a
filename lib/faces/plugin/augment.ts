import type { TenantSql } from '../../data/client/index.ts'
import type { Tenant } from '../../words/types.ts'
import type { Tenancy } from '../tenancy/index.ts'
import type { RequestTenancy } from './request-state.ts'
import type { RouteTenancy } from './route-rule.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The tenant client: every statement runs as the tenant of the context that wrote it. */
    sql: TenantSql
    /** Tenants: run with one, provision, look up, migrate, audit. */
    tenancy: Tenancy
  }

  interface FastifyRequest {
    /** The tenant of this request, or null. Right in every hook, also where Node.js lost the tenant context. */
    readonly tenant: Tenant | null
    /** Brings the tenant context of this request back where Node.js lost it. */
    readonly tenancy: RequestTenancy
  }

  interface FastifyContextConfig {
    /** Whether this route needs a tenant, and whether it is one transaction. Default: true. */
    tenancy?: RouteTenancy
  }
}
