export { type PolicyRequest, applyPolicies, liftForce } from './apply.ts'
export { GRANT_POLICY, ISOLATION_POLICY } from './statement.ts'
