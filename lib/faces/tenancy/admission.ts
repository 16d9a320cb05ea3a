import { type RegistryReader, fixedTenant } from '../../data/registry/index.ts'
import { numberOf } from '../../operations/migrations/index.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import type { Enforcement } from '../../settings/enforcement/index.ts'
import { TenantDeniedError, TenantInactiveError, TenantOutdatedError, TenantUnknownError } from '../../words/errors/index.ts'
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
  const tenant = fixedTenant(config)
  return {
    async admit (tenantId) {
      if (tenantId !== tenant.id) throw new TenantDeniedError({ cause: new TenantUnknownError() })
      return tenant
    },
    recall: (tenantId) => tenantId === tenant.id ? tenant : undefined
  }
}

/** Returns the admission of multi mode: the registry decides. Unknown and inactive tenants read the same to the client. */
export function admitRegistered (registry: RegistryReader, enforcement: Enforcement, minMigration?: string): Admission {
  const isOutdated = outdatedThan(minMigration)
  return {
    async admit (tenantId) {
      const tenant = await registry.find(tenantId).catch((error: unknown) => {
        throw error instanceof TenantUnknownError ? new TenantDeniedError({ cause: error }) : error
      })
      if (tenant.status !== 'active') enforcement.refuse(new TenantDeniedError({ cause: new TenantInactiveError() }), { tenant: tenant.id })
      // Not a matter of isolation, so observe mode changes nothing: the code of this release cannot work on older tables.
      if (isOutdated(tenant)) throw new TenantOutdatedError()
      return tenant
    },
    recall (tenantId) {
      const tenant = registry.peek(tenantId)
      return tenant?.status === 'active' && !isOutdated(tenant) ? tenant : undefined
    }
  }
}

/** Returns what tells whether a tenant has not had a migration yet; each row of the registry is looked at once. */
function outdatedThan (minMigration: string | undefined): (tenant: Tenant) => boolean {
  if (minMigration === undefined) return () => false
  const least = numberOf(minMigration)
  const known = new WeakMap<Tenant, boolean>()
  return (tenant) => {
    const isOutdated = known.get(tenant) ?? numberOf(tenant.migration) < least
    known.set(tenant, isOutdated)
    return isOutdated
  }
}
