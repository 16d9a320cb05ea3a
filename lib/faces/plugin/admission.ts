import type { FastifyRequest } from 'fastify'
import { readClaim } from '../../settings/claim/index.ts'
import { ClaimInvalidError, ClaimMissingError, TenantDeniedError, TenantMismatchError, TokenInvalidError, TokenMissingError } from '../../words/errors/index.ts'
import type { Tenant, TenantId } from '../../words/types.ts'
import type { OpenTenancy } from '../tenancy/index.ts'
import { disagreement } from './agreement.ts'
import { noteClaim, reasonOf } from './refusal-record.ts'
import { knownRuleOf, ruleOf } from './route-rule.ts'
import type { TokenReader } from './token.ts'

/** How a request becomes a tenant. */
export interface Admission {
  /** Returns the tenant that a request is served for; undefined where none is needed, or none can be trusted in observe mode. */
  readonly admit: (request: FastifyRequest) => Promise<Tenant | undefined>
  /**
   * Returns what `admit` would, where that is known without waiting and nothing is wrong. Undefined decides nothing: ask
   * `admit`, whose order and errors are the only ones.
   */
  readonly recall: (request: FastifyRequest) => Tenant | undefined
}

/** In single mode every route but `tenancy: false` is served for the fixed tenant, whatever the client says. */
export function singleAdmission (open: OpenTenancy): Admission {
  const { tenantId } = open.config
  return {
    admit: async (request) => ruleOf(request).tenant === 'none' ? undefined : await open.admit(tenantId),
    recall: (request) => isForTenants(request) ? open.recall(tenantId) : undefined
  }
}

/**
 * In multi mode: token → claim → agreement → registry. Each step is only reached when the one before is good, so nobody
 * without a valid token makes us ask the database (J-09).
 */
export function tokenAdmission (open: OpenTenancy, tokens: TokenReader): Admission {
  const { claim, agree } = open.config
  return {
    async admit (request) {
      const rule = ruleOf(request)
      if (rule.tenant === 'none') return undefined
      try {
        const payload = await tokens.read(request)
        noteClaim(request, payload)
        const tenantId = readClaimOf(payload, claim)
        checkAgreement(open, request, tenantId)
        return await open.admit(tenantId)
      } catch (error) {
        if (!isRefusal(error)) throw error
        if (rule.tenant === 'optional' && error instanceof TokenMissingError) return undefined
        // What is not found has no secrets to keep, and "404" is the better answer.
        if (request.is404) return undefined
        refuse(open, request, error)
        return undefined
      }
    },
    recall (request) {
      if (!isForTenants(request)) return undefined
      const payload = tokens.recall(request)
      const tenantId = payload === undefined ? undefined : findClaim(payload, claim)
      if (tenantId === undefined || disagreement(agree, request, tenantId) !== undefined) return undefined
      return open.recall(tenantId)
    }
  }
}

/** Tells whether it is known by now that the route of `request` is for tenants. */
function isForTenants (request: FastifyRequest): boolean {
  const rule = knownRuleOf(request)
  return rule !== undefined && rule.tenant !== 'none'
}

function findClaim (payload: object, path: string): TenantId | undefined {
  try {
    return readClaim(payload, path)
  } catch {
    return undefined
  }
}

/** Clients cannot tell a malformed claim from an unknown tenant (J-11). */
function readClaimOf (payload: object, path: string): TenantId {
  try {
    return readClaim(payload, path)
  } catch (cause) {
    throw cause instanceof ClaimInvalidError ? new TenantDeniedError({ cause }) : cause
  }
}

/** Observed, a disagreement is served for the tenant of the claim, so this is the one refusal that may return. */
function checkAgreement (open: OpenTenancy, request: FastifyRequest, tenantId: TenantId): void {
  const place = disagreement(open.config.agree, request, tenantId)
  if (place === undefined) return
  const error = new TenantMismatchError({ cause: new Error(`The ${place} names another tenant.`) })
  if (!open.enforcement.isObserving) throw error
  if (!request.is404) refuse(open, request, error)
}

function isRefusal (error: unknown): error is Error {
  return error instanceof TokenMissingError || error instanceof TokenInvalidError || error instanceof ClaimMissingError ||
    error instanceof TenantDeniedError || error instanceof TenantMismatchError
}

/** Throws `error`, which the hook of refusals then tells of in the log, or counts it in observe mode. */
function refuse (open: OpenTenancy, request: FastifyRequest, error: Error): void {
  open.enforcement.refuse(error, { route: request.routeOptions.url, reason: reasonOf(error), reqId: request.id })
}
