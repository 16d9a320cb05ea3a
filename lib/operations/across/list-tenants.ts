import { inTransaction, withOperator } from '../../data/owner/index.ts'
import { createOwnerRegistry, fixedTenant, listTenants } from '../../data/registry/index.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import type { Tenant } from '../../words/types.ts'

/** Which tenants are meant. */
export type TenantFilter = (tenant: Tenant) => boolean

/** Returns every active tenant that `where` is true for, in the order of their ids, as the operator or the owner sees them. */
export async function activeTenants (config: TenancyConfig, where: TenantFilter = () => true): Promise<readonly Tenant[]> {
  if (config.mode === 'single') return [fixedTenant(config)].filter(where)
  const tenants = config.operatorDatabase === undefined
    ? await createOwnerRegistry(config).list()
    : await withOperator(config, (sql) => inTransaction(sql, { lock: config.timeouts.acquire }, (tx) => listTenants(tx, config)))
  return tenants.filter((tenant) => tenant.status === 'active' && where(tenant))
}
