export { addSigningKeys, retireSigningKey, setSigningStage } from './change.ts'
export { CHECKED_IN_WORDS } from './unsigned.ts'
export { type SigningKeyStatus, type SigningStatus, readSigningStatus } from './status.ts'
