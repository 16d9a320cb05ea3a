export { zakopsTenancy } from './plugin.ts'
export type { RequestTenancy } from './request-state.ts'
export type { RouteTenancy } from './route-rule.ts'
