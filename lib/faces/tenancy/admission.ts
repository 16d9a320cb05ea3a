import { strategyOf } from '../../data/isolation/index.ts'
import type { RegistryReader } from '../../data/registry/index.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import type { Enforcement } from '../../settings/enforcement/index.ts'
import { TenantDeniedError, TenantInactiveError, TenantUnknownError } from '../../words/errors.ts'
import type { Tenant, TenantId } from '../../words/types.ts'

/** Returns the tenant to serve, or throws; see `OpenTenancy.admit`. */
export type Admission = (tenantId: TenantId) => Promise<Tenant>

/** Returns the admission of single mode: one fixed tenant and no look-up; every other one is denied. */
export function admitOnly (config: TenancyConfig): Admission {
  const { tenantId: id, isolation } = config
  const tenant: Tenant = Object.freeze({
    id, name: id, status: 'active', isolation, schema: strategyOf(isolation).schemaOf(id, config), createdAt: new Date()
  })
  return async (tenantId) => {
    if (tenantId !== id) throw new TenantDeniedError({ cause: new TenantUnknownError() })
    return tenant
  }
}

/** Returns the admission of multi mode: the registry decides. Unknown and inactive tenants read the same to the client. */
export function admitRegistered (registry: RegistryReader, enforcement: Enforcement): Admission {
  return async (tenantId) => {
    const tenant = await registry.find(tenantId).catch((error: unknown) => {
      throw error instanceof TenantUnknownError ? new TenantDeniedError({ cause: error }) : error
    })
    if (tenant.status !== 'active') enforcement.refuse(new TenantDeniedError({ cause: new TenantInactiveError() }), { tenant: tenant.id })
    return tenant
  }
}
