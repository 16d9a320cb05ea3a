export { type EachOptions, type Outcome, inParallel } from './each.ts'
export { type TenantFilter, activeTenants } from './list-tenants.ts'
export { type OperateRequest, operate } from './operate.ts'
export { refusingSql } from './refusing-sql.ts'
