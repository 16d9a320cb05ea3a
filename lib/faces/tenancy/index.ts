export { createTenancy } from './create-tenancy.ts'
export { openTenancy } from './open-tenancy.ts'
export type { OpenTenancy, Tenancy, TenancyStats, TenantRegistry } from './tenancy.ts'
