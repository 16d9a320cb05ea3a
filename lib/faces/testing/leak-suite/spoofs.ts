import { nameOf } from './journal.ts'
import type { Call } from './http.ts'
import type { Recipe } from './plan.ts'
import type { Route } from './routes.ts'
import { type Roles, type Stage, judge, plan } from './stage.ts'
import type { Party } from './seed.ts'

const HEADERS = ['x-tenant-id', 'x-tenant', 'tenant-id', 'x-org-id', 'x-organization-id', 'x-account-id', 'x-customer-id', 'x-user-tenant']
const NAMES = ['tenant_id', 'tenantId', 'tenant', 'org', 'orgId', 'organization_id', 'account_id']

/** Returns the call as it is when it also says, in these places, that it is the other tenant's. */
export function spoofed (call: Call, { tenant }: Party, places: readonly string[]): Call {
  const named = Object.fromEntries(NAMES.map((name) => [name, tenant.id]))
  const headers = {
    ...(places.includes('header') ? { ...Object.fromEntries(HEADERS.map((name) => [name, tenant.id])), cookie: `tenant_id=${tenant.id}; tenant=${tenant.id}` } : {}),
    ...(places.includes('host') ? { host: `${tenant.id}.example.com`, 'x-forwarded-host': `${tenant.id}.example.com` } : {})
  }
  const query = places.includes('query') ? `${call.path.includes('?') ? '&' : '?'}${new URLSearchParams(named).toString()}` : ''
  const body = places.includes('body') && isObject(call.body) ? { ...call.body, ...named } : call.body
  return { ...call, path: `${call.path}${query}`, headers: { ...call.headers, ...headers }, body }
}

/** Calls a route that reads with a tenant's token and the other's name (J-04). */
export async function trySpoofs (stage: Stage, route: Route, recipe: Recipe, roles: Roles): Promise<void> {
  for (const place of ['header', 'host', 'query']) {
    const call = spoofed(plan(stage, route, recipe, roles, 'own').call, roles.other, [place])
    judge(stage, nameOf(route), roles, call, await stage.http.send(call), `with the other tenant's name in ${place}`)
  }
}

function isObject (value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
