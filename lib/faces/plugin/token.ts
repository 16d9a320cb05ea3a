import fastifyJwt, { type FastifyJWTOptions } from '@fastify/jwt'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { hasRepeatedKeys } from '../../settings/claim/index.ts'
import { OptionsInvalidError, TokenInvalidError, TokenMissingError } from '../../words/errors/index.ts'
import { timesSent } from './agreement.ts'
import { type TokenRules, type VerifyOptions, tokenRules } from './token-rules.ts'
import { type VerifiedToken, VerifiedTokens, isVerdictLasting } from './verified-tokens.ts'

/** How long before its `iat` a token may arrive, for clocks that differ. */
const MAX_CLOCK_DIFFERENCE_MS = 60_000

const NO_TOKEN = new Set<unknown>(['FST_JWT_NO_AUTHORIZATION_IN_HEADER', 'FST_JWT_NO_AUTHORIZATION_IN_COOKIE'])

/** How a request's token is read. Sends nothing to the database. */
export interface TokenReader {
  /**
   * Returns the payload of the request's token, after every check.
   *
   * @throws {TokenMissingError} FST_TENANCY_TOKEN_MISSING — there is none.
   * @throws {TokenInvalidError} FST_TENANCY_TOKEN_INVALID — whatever else is wrong; `cause` says what.
   */
  readonly read: (request: FastifyRequest) => Promise<object>
  /**
   * Does what `read` does, `request.user` included, for a token that `read` found good before. Undefined decides
   * nothing: ask `read`.
   */
  readonly recall: (request: FastifyRequest) => object | undefined
}

/**
 * Registers `@fastify/jwt` if `options` are given, else requires that the application did, and returns the reader.
 *
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID
 */
export async function openTokens (fastify: FastifyInstance, options: FastifyJWTOptions | undefined): Promise<TokenReader> {
  if (options !== undefined) await registerJwt(fastify, options)
  if (!fastify.hasDecorator('jwt') || !fastify.hasRequestDecorator('jwtVerify') || !Object.hasOwn(fastify.jwt, 'options')) {
    throw new OptionsInvalidError('- jwt is required in multi mode: give the options of @fastify/jwt, or register it before this plugin and without a namespace.')
  }
  const { jwt } = fastify
  const rules = tokenRules(jwt, options?.secret)
  // What the application registered itself may have a `trusted` that we cannot see.
  const verified = options !== undefined && isVerdictLasting(options) ? new VerifiedTokens() : undefined
  return {
    async read (request) {
      const token = findToken(request, jwt)
      try {
        await verifySignature(request, token, rules)
        const { expiry, ...good } = checkedToken(token, rules)
        verified?.remember(token, good, expiry)
        return good.payload
      } catch (error) {
        throw error instanceof TokenInvalidError ? error : new TokenInvalidError({ cause: error })
      }
    },
    recall (request) {
      const found = verified === undefined ? undefined : recallToken(request, jwt, verified)
      if (found === undefined) return undefined
      // A payload of its own for each request: what one handler does to its user, no other request sees.
      const user: unknown = JSON.parse(found.text)
      return Reflect.set(request, options?.decoratorName ?? 'user', user) ? found.payload : undefined
    }
  }
}

function recallToken (request: FastifyRequest, jwt: FastifyInstance['jwt'], verified: VerifiedTokens): VerifiedToken | undefined {
  try {
    return verified.recall(findToken(request, jwt))
  } catch {
    return undefined
  }
}

/** @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — `@fastify/jwt` is there already, or refuses the options. */
export async function registerJwt (fastify: FastifyInstance, options: FastifyJWTOptions): Promise<void> {
  if (fastify.hasDecorator('jwt')) throw new OptionsInvalidError('- jwt must be left out, because the application registered @fastify/jwt itself.')
  if (options.namespace !== undefined) throw new OptionsInvalidError('- jwt.namespace must be left out: register other namespaces of @fastify/jwt after this plugin.')
  try {
    await fastify.register(fastifyJwt, options)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'unknown reason'
    throw new OptionsInvalidError(`- jwt was refused by @fastify/jwt: ${reason}.`, { cause })
  }
}

function findToken (request: FastifyRequest, jwt: FastifyInstance['jwt']): string {
  let token: unknown
  try {
    token = jwt.lookupToken(request)
  } catch (cause) {
    throw isTokenAbsent(request, jwt, cause) ? new TokenMissingError() : new TokenInvalidError({ cause })
  }
  if (typeof token !== 'string') throw new TokenInvalidError({ cause: new Error('The token is not a text.') })
  if (timesSent(request, 'authorization') > 1) throw new TokenInvalidError({ cause: new Error('There are several Authorization headers.') })
  return token
}

function isTokenAbsent (request: FastifyRequest, jwt: FastifyInstance['jwt'], error: unknown): boolean {
  const verify: VerifyOptions = jwt.options.verify
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined
  if (verify.extractToken !== undefined) return code === 'FST_JWT_BAD_REQUEST'
  return NO_TOKEN.has(code) && !hasCookie(request, jwt.cookie?.cookieName)
}

/** A signed cookie whose signature is bad counts as no token for `@fastify/jwt`. */
function hasCookie (request: FastifyRequest, name: string | undefined): boolean {
  const cookies: unknown = Reflect.get(request, 'cookies')
  return name !== undefined && typeof cookies === 'object' && cookies !== null && Object.hasOwn(cookies, name)
}

/** Through `request.jwtVerify`, so that secrets, `trusted`, `formatUser` and `request.user` of the application work. */
async function verifySignature (request: FastifyRequest, token: string, rules: TokenRules): Promise<void> {
  const verify: VerifyOptions = {
    algorithms: [...rules.algorithms],
    requiredClaims: [...rules.requiredClaims],
    ...rules.allowed,
    ignoreExpiration: false,
    // A token that was good before is not good for ever (J-06).
    cache: false,
    // The token that is verified is the one whose payload is read below.
    extractToken: () => token
  }
  await request.jwtVerify({ decode: {}, verify })
}

/** Reads the payload itself: what jwtVerify returns went through the application's `formatUser`. */
function checkedToken (token: string, rules: TokenRules): VerifiedToken & { readonly expiry: number } {
  const text = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
  const payload: unknown = JSON.parse(text)
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) throw refused('The payload is not an object.')
  if (hasRepeatedKeys(text)) throw refused('The payload has the same key twice.')
  const expiry: unknown = Reflect.get(payload, 'exp')
  if (!Object.hasOwn(payload, 'exp') || typeof expiry !== 'number' || !Number.isFinite(expiry)) throw refused('The exp claim is not a time.')
  if (Object.hasOwn(payload, 'iat')) checkIssueTime(Reflect.get(payload, 'iat'), rules)
  return { payload, text, expiry }
}

function checkIssueTime (issued: unknown, rules: TokenRules): void {
  if (typeof issued !== 'number' || !Number.isFinite(issued)) throw refused('The iat claim is not a time.')
  const latest = Date.now() + MAX_CLOCK_DIFFERENCE_MS + rules.clockTolerance
  if (issued * 1000 > latest) throw refused('The token was issued in the future.')
}

function refused (reason: string): Error {
  return new TokenInvalidError({ cause: new Error(reason) })
}
