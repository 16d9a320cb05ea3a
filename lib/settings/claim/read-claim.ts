import { ClaimInvalidError, ClaimMissingError } from '../../words/errors/index.ts'
import { isTenantId } from '../../words/names.ts'
import type { TenantId } from '../../words/types.ts'

/** Longer claims are somebody's attempt, of which the beginning says enough. */
const MOST_SHOWN = 100

/** What a path leads to. Kept apart from the value, because `null` is a value and not a missing claim. */
type Found = { readonly value: unknown } | undefined

/**
 * Returns the tenant id that a verified payload names at `path`.
 *
 * `path` is the whole name of a claim, dots included (`https://zakops.example/tenant_id`), or a path with dots
 * (`org.id`). Only own properties of plain objects are followed: neither a prototype nor an array nor the characters of
 * a string can supply a tenant (J-02). Nothing is coerced, and one claim is one tenant (J-03).
 *
 * @throws {ClaimMissingError} FST_TENANCY_CLAIM_MISSING — nothing is there.
 * @throws {ClaimInvalidError} FST_TENANCY_CLAIM_INVALID — what is there is not one tenant id, or `path` can be read in
 * two ways and both are there.
 */
export function readClaim (payload: unknown, path: string): TenantId {
  const whole = ownProperty(payload, path)
  const nested = path.includes('.') ? follow(payload, path.split('.')) : undefined
  if (whole !== undefined && nested !== undefined) throw new ClaimInvalidError({ cause: new Error('The claim path has two readings in this token.') })
  const found = whole ?? nested
  if (found === undefined) throw new ClaimMissingError()
  if (!isTenantId(found.value)) throw new ClaimInvalidError()
  return found.value
}

/** Returns what stands at `path`, as a short text for the log; undefined where nothing does. */
export function claimText (payload: unknown, path: string): string | undefined {
  const found = ownProperty(payload, path) ?? follow(payload, path.split('.'))
  if (found === undefined) return undefined
  const text = typeof found.value === 'string' ? found.value : JSON.stringify(found.value)
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text
}

function follow (payload: unknown, names: readonly string[]): Found {
  let found: Found = { value: payload }
  for (const name of names) {
    found = ownProperty(found.value, name)
    if (found === undefined) return undefined
  }
  return found
}

function ownProperty (parent: unknown, name: string): Found {
  if (typeof parent !== 'object' || parent === null || Array.isArray(parent)) return undefined
  // JSON.parse makes "__proto__" an own property; one Object.assign later it would be the prototype.
  if (name === '__proto__' || !Object.hasOwn(parent, name)) return undefined
  const value: unknown = Reflect.get(parent, name)
  return { value }
}
