export { claimText, readClaim } from './read-claim.ts'
export { hasRepeatedKeys } from './repeated-keys.ts'
