export { type KeyPads, deriveKey, padsOf } from './key.ts'
export { type Sign, type SignedTenant, Signer, tenantIn } from './signer.ts'
