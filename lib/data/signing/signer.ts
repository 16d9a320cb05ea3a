import { createHmac } from 'node:crypto'
import type { SigningConfig } from '../../settings/config/index.ts'
import type { TenantId } from '../../words/types.ts'
import { deriveKey } from './key.ts'

/** A tenant id as the database takes it, and until when to send it. */
export interface SignedTenant {
  readonly value: string
  /** When to sign anew, as `Date.now()` tells it. */
  readonly renewAt: number
}

/** Signs tenant ids for a database. */
export type Sign = (tenantId: TenantId) => SignedTenant

/** The first part of what is signed. No tenant id has a dot, so nothing signed is ever taken for a plain one. */
export const SIGNED_PREFIX = 'v1.'

/** The rest is for what is behind slow statements of others, and for clocks that differ. */
const RENEWED_AFTER = 1 / 4

/** Returns the tenant id in a value of the tenant setting, signed or plain; whether the signature is good, the database says. */
export function tenantIn (value: string): string {
  return value.startsWith(SIGNED_PREFIX) ? value.split('.')[3] ?? '' : value
}

/**
 * Signs the tenants of one deployment: `v1.<key id>.<expiry in seconds>.<tenant id>.<HMAC-SHA256 of all that, in hex>`. No
 * part but the last two can hold a dot of its own making: ids have none.
 */
export class Signer {
  readonly #config: SigningConfig
  #key: Buffer | undefined

  constructor (config: SigningConfig) {
    this.#config = config
  }

  /** Says which deployment it signs for. Nothing can be signed before. */
  bind (deployment: string): void {
    const secret = this.#config.keys.get(this.#config.current)
    if (secret === undefined) throw new TypeError('the key that signs has no secret')
    this.#key = deriveKey(secret, deployment)
  }

  readonly sign: Sign = (tenantId) => {
    if (this.#key === undefined) throw new TypeError('nothing can be signed before it is known for which deployment')
    const now = Date.now()
    const { current, lifetime } = this.#config
    const text = `${SIGNED_PREFIX}${current}.${Math.ceil((now + lifetime) / 1_000)}.${tenantId}`
    const mac = createHmac('sha256', this.#key).update(text).digest('hex')
    return { value: `${text}.${mac}`, renewAt: now + lifetime * RENEWED_AFTER }
  }
}
