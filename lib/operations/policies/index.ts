export { type PolicyRequest, applyPolicies, liftForce } from './apply.ts'
export { OWN_ROWS_CHECK } from './own-rows.ts'
export { GRANT_POLICY, ISOLATION_POLICY, forceStatements, policyStatements } from './statement.ts'
