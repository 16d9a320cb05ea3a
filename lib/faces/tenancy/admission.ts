import { strategyOf } from '../../data/isolation/index.ts'
import type { RegistryReader } from '../../data/registry/index.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import type { Enforcement } from '../../settings/enforcement/index.ts'
import { TenantDeniedError, TenantInactiveError, TenantUnknownError } from '../../words/errors.ts'
import type { Tenant, TenantId } from '../../words/types.ts'

/** How a tenant id becomes the tenant to serve. */
export interface Admission {
  /** Returns the tenant to serve, or throws; see `OpenTenancy.admit`. */
  readonly admit: (tenantId: TenantId) => Promise<Tenant>
  /**
   * Returns what `admit` would, where that is known without waiting and nothing has to be refused or noted down.
   * Undefined decides nothing: ask `admit`.
   */
  readonly recall: (tenantId: TenantId) => Tenant | undefined
}

/** Returns the admission of single mode: one fixed tenant and no look-up; every other one is denied. */
export function admitOnly (config: TenancyConfig): Admission {
  const { tenantId: id, isolation } = config
  const tenant: Tenant = Object.freeze({
    id, name: id, status: 'active', isolation, schema: strategyOf(isolation).schemaOf(id, config), createdAt: new Date()
  })
  return {
    async admit (tenantId) {
      if (tenantId !== id) throw new TenantDeniedError({ cause: new TenantUnknownError() })
      return tenant
    },
    recall: (tenantId) => tenantId === id ? tenant : undefined
  }
}

/** Returns the admission of multi mode: the registry decides. Unknown and inactive tenants read the same to the client. */
export function admitRegistered (registry: RegistryReader, enforcement: Enforcement): Admission {
  return {
    async admit (tenantId) {
      const tenant = await registry.find(tenantId).catch((error: unknown) => {
        throw error instanceof TenantUnknownError ? new TenantDeniedError({ cause: error }) : error
      })
      if (tenant.status !== 'active') enforcement.refuse(new TenantDeniedError({ cause: new TenantInactiveError() }), { tenant: tenant.id })
      return tenant
    },
    recall (tenantId) {
      const tenant = registry.peek(tenantId)
      return tenant?.status === 'active' ? tenant : undefined
    }
  }
}
