import { quoteIdentifier } from '../../words/names.ts'
import type { Tenant, TenantSettings } from '../../words/types.ts'
import { strategyOf } from './pick.ts'

/**
 * Returns the tenant settings that every statement of `tenant` runs with.
 *
 * `pg_temp` stands last because it would otherwise be searched first; `public` never stands there (rule 8).
 *
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — the tenant's isolation strategy is not there yet.
 */
export function settingsOf (tenant: Tenant, extensionsSchema: string): TenantSettings {
  const path = strategyOf(tenant.isolation).pathOf(tenant.schema, { extensionsSchema })
  return {
    searchPath: [...path.map(quoteIdentifier), 'pg_temp'].join(', '),
    schema: tenant.schema,
    tenantId: tenant.id
  }
}
