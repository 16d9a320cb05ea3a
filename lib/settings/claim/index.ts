export { readClaim } from './read-claim.ts'
export { hasRepeatedKeys } from './repeated-keys.ts'
