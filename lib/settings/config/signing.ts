import { Value } from '@sinclair/typebox/value'
import { type SigningOption, signingSchema } from './schema.ts'

/** The keys that sign the tenant context, after every check. */
export interface SigningConfig {
  /** The secrets by the ids of their keys. */
  readonly keys: ReadonlyMap<string, string>
  /** The id of the key that this process signs with. */
  readonly current: string
  /** How long what was signed is valid, in milliseconds. */
  readonly lifetime: number
}

const DEFAULT_LIFETIME_MS = 60_000
const LEAST_LIFETIME_MS = 10_000
const MOST_LIFETIME_MS = 3_600_000
const KEY_ID = /^[A-Za-z0-9_-]{1,32}$/
const LEAST_LENGTH = 32

/**
 * Returns the signing of the options, and adds what is wrong with it to `problems`, without quoting it. A text is what the
 * environment gives: `id:secret,id:secret`, of which the first one signs.
 */
export function signingOf (option: unknown, problems: string[]): SigningConfig | undefined {
  if (option === undefined) return undefined
  if (!isSigningOption(option)) {
    problems.push('signing (TENANT_SIGNING) must be { keys: { id: secret }, current: id }, or "id:secret".')
    return undefined
  }
  const { keys, current, lifetime = DEFAULT_LIFETIME_MS } = typeof option === 'string' ? parse(option) : { ...option, keys: Object.entries(option.keys) }
  const known = new Map(keys)
  if (!keys.every(([id, secret]) => KEY_ID.test(id) && secret.length >= LEAST_LENGTH)) {
    problems.push(`signing (TENANT_SIGNING) must name each key with 1 to 32 letters, digits, "_" or "-", and give it a secret of at least ${LEAST_LENGTH} characters: { keys: { "2026-11": secret }, current: "2026-11" }, or "2026-11:secret".`)
  }
  if (known.size < keys.length) problems.push('signing (TENANT_SIGNING) names a key twice: give each key an id of its own.')
  if (lifetime < LEAST_LIFETIME_MS || lifetime > MOST_LIFETIME_MS) problems.push(`signing.lifetime must be a whole number from ${LEAST_LIFETIME_MS} to ${MOST_LIFETIME_MS}.`)
  if (!known.has(current)) problems.push('signing.current must be the id of one of signing.keys.')
  return Object.freeze({ keys: known, current, lifetime })
}

function parse (text: string): { readonly keys: ReadonlyArray<readonly [string, string]>, readonly current: string, readonly lifetime?: number } {
  const keys = text.split(',').map((pair) => {
    const [id = '', ...secret] = pair.trim().split(':')
    return [id, secret.join(':')] as const
  })
  return { keys, current: keys[0]?.[0] ?? '' }
}

function isSigningOption (option: unknown): option is SigningOption | string {
  return typeof option === 'string' || Value.Check(signingSchema, option)
}
