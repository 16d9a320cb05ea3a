import { createHmac } from 'node:crypto'

const DEFAULT_LIFETIME = 3600

/** How {@link signToken} signs. */
export interface TokenOptions {
  /** The secret that the server verifies with (`jwt.secret`). */
  readonly secret: string
  /** Seconds until the token expires; negative makes one that has expired. Default: 3600. */
  readonly expiresIn?: number
}

/**
 * Returns a signed token (JWT, HS256) with these claims.
 *
 * `iat` and `exp` are added unless `claims` has them; a claim that is `undefined` is left out, so `{ exp: undefined }`
 * makes a token that never expires. For tests and examples: a real issuer signs elsewhere.
 *
 * @example
 * import { signToken } from 'zakops-tenancy/testing'
 *
 * const token = signToken({ tenant_id: 'acme' }, { secret: 'test secret' })
 * await app.inject({ url: '/deals', headers: { authorization: `Bearer ${token}` } })
 */
export function signToken (claims: Readonly<Record<string, unknown>>, options: TokenOptions): string {
  const now = Math.floor(Date.now() / 1000)
  const payload = { iat: now, exp: now + (options.expiresIn ?? DEFAULT_LIFETIME), ...claims }
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(payload)}`
  return `${signed}.${createHmac('sha256', options.secret).update(signed).digest('base64url')}`
}

function encode (part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}
