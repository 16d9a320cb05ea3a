export { assertSingleCopy } from './copies.ts'
export { currentContext, currentTenant, requireTenant } from './read.ts'
export { assertMayEnter, bindToCaller, runInContext, runOutsideContext, tenantContext } from './run.ts'
