import { quoteIdentifier } from '../../words/names.ts'
import type { Tenant, TenantId, TenantSettings } from '../../words/types.ts'
import { strategyOf } from './pick.ts'

/**
 * Returns the tenant settings that every statement of `tenant` runs with.
 *
 * `pg_temp` stands last because it would otherwise be searched first; `public` never stands there (rule 8).
 */
export function settingsOf (tenant: Tenant, extensionsSchema: string): TenantSettings {
  const path = strategyOf(tenant.isolation).pathOf(tenant.schema, { extensionsSchema })
  return {
    searchPath: [...path.map(quoteIdentifier), 'pg_temp'].join(', '),
    schema: tenant.schema,
    tenantId: tenant.id
  }
}

/** Returns the settings of statements that read no table of a tenant: the catalog alone, and a tenant id where row security asks for one. */
export function catalogSettings (tenantId: TenantId | ''): TenantSettings {
  return { searchPath: 'pg_catalog, pg_temp', schema: 'pg_catalog', tenantId }
}
