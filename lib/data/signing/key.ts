import { createHmac } from 'node:crypto'

const BLOCK_BYTES = 64
const PURPOSE = 'zakops-tenancy tenant context v1'

/** What the database keeps of a key: enough to check, and of no use in another deployment. */
export interface KeyPads {
  readonly inner: Buffer
  readonly outer: Buffer
}

/**
 * Returns the key of one deployment. The secret itself never reaches a database, and what one deployment's database holds or
 * takes says nothing to another's, also where somebody gave both the same secret.
 */
export function deriveKey (secret: string, deployment: string): Buffer {
  return createHmac('sha256', secret).update(`${PURPOSE}\0${deployment}`).digest()
}

/** Returns a key as HMAC uses it (RFC 2104): SQL without an extension has SHA-256 and no XOR of bytes. */
export function padsOf (key: Buffer): KeyPads {
  const block = Buffer.alloc(BLOCK_BYTES)
  key.copy(block)
  return { inner: Buffer.from(block.map((byte) => byte ^ 0x36)), outer: Buffer.from(block.map((byte) => byte ^ 0x5c)) }
}
