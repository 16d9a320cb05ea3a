import type { FastifyJWTOptions } from '@fastify/jwt'
import type { FastifyInstance } from 'fastify'
import { OptionsInvalidError } from '../../words/errors/index.ts'

type Jwt = FastifyInstance['jwt']
export type VerifyOptions = NonNullable<FastifyJWTOptions['verify']>
export type Algorithm = NonNullable<VerifyOptions['algorithms']>[number]

/** What every token is held to, whatever `@fastify/jwt` was registered with. */
export interface TokenRules {
  readonly algorithms: readonly Algorithm[]
  readonly requiredClaims: readonly string[]
  /** `iss` and `aud` as they were at the start: tokens that are remembered were held to these. */
  readonly allowed: Pick<VerifyOptions, 'allowedIss' | 'allowedAud'>
  /** How far another machine's clock may be off, for `iat`. In milliseconds. */
  readonly clockTolerance: number
}

const HMAC = /^HS/
const KEY_FILE = /-----BEGIN |^\s*[{[].*"kty"/s

/**
 * Returns the rules for tokens: the algorithm is pinned, `exp` is required, and so are `iss` and `aud` where they are
 * configured (J-01).
 *
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — every reason why `@fastify/jwt` would accept a token that
 * nobody signed, or one for ever.
 */
export function tokenRules (jwt: Jwt, secret: FastifyJWTOptions['secret'] | undefined): TokenRules {
  const verify = jwt.options.verify
  const algorithms = verify.algorithms ?? signingAlgorithms(jwt)
  const problems = [...timeProblems(verify), ...algorithmProblems(algorithms, secret)]
  if (problems.length > 0) throw new OptionsInvalidError(problems.map((problem) => `- ${problem}`).join('\n'))
  const requiredClaims = new Set([...verify.requiredClaims ?? [], 'exp'])
  if (verify.allowedIss !== undefined) requiredClaims.add('iss')
  if (verify.allowedAud !== undefined) requiredClaims.add('aud')
  return {
    algorithms: [...algorithms],
    requiredClaims: [...requiredClaims],
    allowed: allowedClaims(verify),
    clockTolerance: verify.clockTolerance ?? 0
  }
}

function allowedClaims ({ allowedIss, allowedAud }: VerifyOptions): TokenRules['allowed'] {
  return {
    ...(Array.isArray(allowedIss) ? { allowedIss: [...allowedIss] } : {}),
    ...(Array.isArray(allowedAud) ? { allowedAud: [...allowedAud] } : {})
  }
}

/**
 * Returns the algorithm that `sign` names; HS256 where `@fastify/jwt` signs and verifies with a plain secret; else none.
 *
 * WHY TRY IT: an application that registered `@fastify/jwt` itself keeps the secret to itself. To assume HS256 for what
 * is a public key would let everybody who knows that key sign tokens with it.
 */
function signingAlgorithms (jwt: Jwt): readonly Algorithm[] {
  const named = jwt.options.sign.algorithm
  if (named !== undefined) return [named]
  return signsWithPlainSecret(jwt) ? ['HS256'] : []
}

function signsWithPlainSecret (jwt: Jwt): boolean {
  try {
    const token: unknown = jwt.sign({ exp: 1 })
    // A secret function makes this a promise that may reject; it also may return a public key, so it counts as unknown.
    if (token instanceof Promise) token.catch(() => undefined)
    if (typeof token !== 'string' || headerAlgorithm(token) !== 'HS256') return false
    return isSignatureGood(jwt, token)
  } catch {
    return false
  }
}

function headerAlgorithm (token: string): unknown {
  const header: unknown = JSON.parse(Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString())
  return typeof header === 'object' && header !== null ? Reflect.get(header, 'alg') : undefined
}

/** The signature is looked at before the claims, so a complaint about anything else means that it was good. */
function isSignatureGood (jwt: Jwt, token: string): boolean {
  try {
    jwt.verify(token, { algorithms: ['HS256'], ignoreExpiration: false })
    return true
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined
    return code === 'FAST_JWT_EXPIRED' || code === 'FAST_JWT_MISSING_REQUIRED_CLAIM' || code === 'FAST_JWT_INVALID_TYPE' ||
      code === 'FAST_JWT_INVALID_CLAIM_VALUE' || code === 'FAST_JWT_INVALID_CLAIM_TYPE'
  }
}

function timeProblems (verify: VerifyOptions): string[] {
  const problems: string[] = []
  if (verify.ignoreExpiration === true) problems.push('jwt.verify.ignoreExpiration must not be true: a token would be good for ever.')
  if (verify.clockTimestamp !== undefined) problems.push('jwt.verify.clockTimestamp must be left out: with a clock that stands still a token is good for ever.')
  return problems
}

function algorithmProblems (algorithms: readonly Algorithm[], secret: FastifyJWTOptions['secret'] | undefined): string[] {
  if (!Array.isArray(algorithms) || algorithms.length === 0) {
    return ['jwt.verify.algorithms is required for this kind of secret: name the algorithm of your tokens, such as ["RS256"].']
  }
  const problems: string[] = []
  if (algorithms.some((algorithm) => String(algorithm).toLowerCase() === 'none')) problems.push('jwt.verify.algorithms must not hold "none": everybody can write such a token.')
  if (algorithms.some((algorithm) => HMAC.test(algorithm)) && isKeyFile(secret)) {
    problems.push('jwt.verify.algorithms must not hold an HS algorithm, because the secret is a key: everybody who knows the public key could sign with it.')
  }
  return problems
}

function isKeyFile (secret: unknown): boolean {
  if (typeof secret === 'string') return KEY_FILE.test(secret)
  if (Buffer.isBuffer(secret)) return KEY_FILE.test(secret.toString('latin1'))
  if (typeof secret !== 'object' || secret === null) return false
  return isKeyFile(Reflect.get(secret, 'public')) || isKeyFile(Reflect.get(secret, 'key'))
}
