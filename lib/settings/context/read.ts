import { ContextMissingError } from '../../words/errors/index.ts'
import type { Tenant, TenantContext } from '../../words/types.ts'
import { tenantStore } from './store.ts'

/** Returns the tenant context, or undefined outside of one. */
export function currentContext (): TenantContext | undefined {
  return tenantStore.getStore()
}

/**
 * Returns the tenant whose code is running, or undefined outside of every tenant context.
 *
 * @example
 * import { currentTenant } from 'zakops-tenancy'
 *
 * logger.info({ tenant: currentTenant()?.id }, 'cache miss')
 */
export function currentTenant (): Tenant | undefined {
  return tenantStore.getStore()?.tenant
}

/**
 * Returns the tenant whose code is running.
 *
 * @example
 * import { requireTenant } from 'zakops-tenancy'
 *
 * const cacheKey = `${requireTenant().id}:deals`
 *
 * @throws {ContextMissingError} FST_TENANCY_CONTEXT_MISSING — outside of every tenant context.
 */
export function requireTenant (): Tenant {
  const tenant = currentTenant()
  if (tenant === undefined) throw new ContextMissingError()
  return tenant
}
