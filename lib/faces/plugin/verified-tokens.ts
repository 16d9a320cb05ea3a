import type { FastifyJWTOptions } from '@fastify/jwt'
import { RecentlyUsed } from '../../words/recently-used.ts'

const MAX_TOKENS = 1_000
const MAX_LENGTH = 4_096

/** What is remembered of a token that passed every check. */
export interface VerifiedToken {
  /** The payload, for us alone. */
  readonly payload: object
  /** The same as it was written, of which each request gets a copy of its own as `request.user`. */
  readonly text: string
}

interface Remembered extends VerifiedToken {
  /** When it expires, in milliseconds of the epoch. */
  readonly expiry: number
}

/**
 * Tokens that passed every check, so that the signature of one that comes again is not computed again: 1,000 of at most
 * 4,096 characters, the one that was used longest ago goes first, and none after its `exp`.
 *
 * The key is the whole token, signature included. A digest of a part of it would let a token in that nobody signed (J-06).
 */
export class VerifiedTokens {
  readonly #tokens = new RecentlyUsed<Remembered>(MAX_TOKENS)

  get size (): number {
    return this.#tokens.size
  }

  recall (token: string): VerifiedToken | undefined {
    const found = this.#tokens.get(token)
    if (found === undefined || Date.now() < found.expiry) return found
    this.#tokens.delete(token)
    return undefined
  }

  /** `expiry` is the `exp` claim: seconds of the epoch. */
  remember (token: string, { payload, text }: VerifiedToken, expiry: number): void {
    if (token.length <= MAX_LENGTH) this.#tokens.set(token, { payload, text, expiry: expiry * 1_000 })
  }
}

/** Options that change nothing of a verdict but by `exp`, once they are given: `clockTolerance` only ever adds to it. */
const FIXED: ReadonlySet<string> = new Set([
  'algorithms', 'requiredClaims', 'ignoreExpiration', 'ignoreNotBefore', 'checkTyp', 'clockTolerance', 'onlyCookie',
  'cache', 'cacheTTL', 'errorCacheTTL', 'cacheKeyBuilder'
])

/**
 * Tells whether a token that is good now is good until its `exp`, and `request.user` is its payload. Not so where the
 * application is asked at each request (a secret function, `trusted`, `formatUser`, `extractToken`, matchers), where
 * other times count (`maxAge`), or where something is new to us.
 */
export function isVerdictLasting (options: FastifyJWTOptions): boolean {
  const { secret, trusted, formatUser, verify = {} } = options
  return isText(secret) && trusted === undefined && formatUser === undefined &&
    Object.entries(verify).every(([name, value]) => value === undefined || FIXED.has(name) || isFixedList(name, value))
}

/** A text cannot be changed; a buffer can, and a function returns what it likes. */
function isText (secret: unknown): boolean {
  if (typeof secret === 'string') return true
  return typeof secret === 'object' && secret !== null && !Buffer.isBuffer(secret) && typeof Reflect.get(secret, 'public') === 'string'
}

/** {@link TokenRules} has a copy of these two. A regular expression or a matcher of the application's may change its mind. */
function isFixedList (name: string, value: unknown): boolean {
  if (name !== 'allowedIss' && name !== 'allowedAud') return false
  return Array.isArray(value) ? value.every((item) => typeof item === 'string') : typeof value === 'string'
}
