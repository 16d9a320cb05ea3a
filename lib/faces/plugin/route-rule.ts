import type { FastifyRequest } from 'fastify'
import { OptionsInvalidError } from '../../words/errors/index.ts'

/**
 * The route config `tenancy`.
 *
 * - `true` (default): the route needs a tenant.
 * - `'optional'`: without a token there is no tenant; a bad token is refused all the same.
 * - `false`: no tenant, and the token is not looked at.
 * - `{ transaction: true }`: the handler is one transaction. It is committed before the reply is sent, and rolled back
 *   when the handler throws or sends an error. A payload is a success whatever its status code.
 * - `{ readOnly: true }`: as before, and the transaction can change nothing; `transaction` need not be said.
 */
export type RouteTenancy = boolean | 'optional' | { readonly transaction?: boolean, readonly readOnly?: boolean }

/** What a route asks for, checked. */
export interface RouteRule {
  readonly tenant: 'required' | 'optional' | 'none'
  readonly transaction: { readonly readOnly: boolean } | null
}

const REQUIRED: RouteRule = { tenant: 'required', transaction: null }
const OPTIONAL: RouteRule = { tenant: 'optional', transaction: null }
const NONE: RouteRule = { tenant: 'none', transaction: null }

const rules = new WeakMap<object, RouteRule>()

/**
 * Returns the rule of the route that serves `request`; for what is not found, `optional`.
 *
 * Read when a request comes, because routes that were written before an un-awaited `register()` took effect never
 * passed the onRoute hook.
 *
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — the route config is none of the values above.
 */
export function ruleOf (request: FastifyRequest): RouteRule {
  if (request.is404) return OPTIONAL
  const { config, method, url } = request.routeOptions
  const known = rules.get(config)
  if (known !== undefined) return known
  const rule = parseRouteRule(config.tenancy, `${String(method)} ${url}`)
  rules.set(config, rule)
  return rule
}

/** Returns the rule of the route that serves `request`, if it was asked for before. */
export function knownRuleOf (request: FastifyRequest): RouteRule | undefined {
  return request.is404 ? undefined : rules.get(request.routeOptions.config)
}

/** Returns the rule that a route config `tenancy` says; `route` names the route in the error. */
export function parseRouteRule (value: unknown, route: string): RouteRule {
  if (value === undefined || value === true) return REQUIRED
  if (value === false) return NONE
  if (value === 'optional') return OPTIONAL
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(route, 'must be true, false, "optional" or { transaction, readOnly }')
  }
  for (const [name, setting] of Object.entries(value)) {
    if (name !== 'transaction' && name !== 'readOnly') throw invalid(route, 'knows only "transaction" and "readOnly"')
    if (setting !== undefined && typeof setting !== 'boolean') throw invalid(route, 'takes true or false, not a text')
  }
  return transactionRule(Reflect.get(value, 'transaction'), Reflect.get(value, 'readOnly'), route)
}

function transactionRule (transaction: unknown, readOnly: unknown, route: string): RouteRule {
  if (readOnly !== true) return transaction === true ? { tenant: 'required', transaction: { readOnly: false } } : REQUIRED
  if (transaction === false) throw invalid(route, 'cannot be read-only without a transaction: leave "transaction" out')
  return { tenant: 'required', transaction: { readOnly: true } }
}

function invalid (route: string, problem: string): Error {
  return new OptionsInvalidError(`- The config "tenancy" of the route ${route} ${problem}.`)
}
