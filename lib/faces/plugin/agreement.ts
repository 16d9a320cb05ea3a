import type { FastifyRequest } from 'fastify'
import type { TenancyConfig } from '../../settings/config/index.ts'
import type { TenantId } from '../../words/types.ts'

/** The place of a request that names another tenant than its token. */
export type Disagreement = 'header' | 'host' | 'param'

/**
 * Returns which of the configured places names another tenant than the claim, or undefined if they agree. What is absent
 * agrees. They can only agree, never choose (J-04).
 */
export function disagreement (agree: TenancyConfig['agree'], request: FastifyRequest, tenantId: TenantId): Disagreement | undefined {
  if (agree.header !== undefined && !headerAgrees(request, agree.header.toLowerCase(), tenantId)) return 'header'
  if (agree.host !== undefined && !hostAgrees(request.hostname, agree.host, tenantId)) return 'host'
  if (agree.param !== undefined && !paramAgrees(request.params, agree.param, tenantId)) return 'param'
  return undefined
}

function headerAgrees (request: FastifyRequest, name: string, tenantId: TenantId): boolean {
  const value = request.headers[name]
  return value === undefined || (value === tenantId && timesSent(request, name) === 1)
}

/** Host names have no letter case, and ids that differ in nothing else cannot both be provisioned. */
function hostAgrees (hostname: string, pattern: string, tenantId: TenantId): boolean {
  return hostname === '' || hostname.toLowerCase() === pattern.replace('{tenant}', () => tenantId).toLowerCase()
}

function paramAgrees (params: unknown, name: string, tenantId: TenantId): boolean {
  if (typeof params !== 'object' || params === null || !Object.hasOwn(params, name)) return true
  return Reflect.get(params, name) === tenantId
}

/** How often a header was sent. Node.js keeps the first of some and joins others; a proxy may have looked at the last. */
export function timesSent (request: FastifyRequest, lowerCaseName: string): number {
  let times = 0
  const names = request.raw.rawHeaders
  for (let at = 0; at < names.length; at += 2) {
    const name = names[at]
    if (name?.length === lowerCaseName.length && name.toLowerCase() === lowerCaseName) times++
  }
  return times
}
