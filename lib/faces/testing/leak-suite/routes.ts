import { subscribe } from 'node:diagnostics_channel'
import type { FastifyInstance } from 'fastify'
import type { Tenancy } from '../../tenancy/index.ts'

/** A route of the user's service. */
export interface Route {
  readonly method: string
  readonly url: string
  /** JSON schemas by part: `params`, `querystring`, `body`. */
  readonly schema: Readonly<Record<string, unknown>>
  /** Whether it is served without a tenant. */
  readonly isPublic: boolean
  /** Whether it is served with a tenant and without. */
  readonly isOptional: boolean
  readonly isWebSocket: boolean
  /** The headers without which Fastify finds another route, or none: those of its `version` and `host` constraints. */
  readonly headers: Readonly<Record<string, string>>
}

/** What is known of a Fastify instance since it was made. */
interface Known {
  /** What is known of each when the service is ready: schemas and the plugin may come behind the route. */
  readonly routes: Array<() => Route>
  /** The instance that the plugin was registered on, which may be a child. */
  tenancy: Tenancy | undefined
}

const known = new WeakMap<object, Known>()
const onInstance = new Set<(fastify: FastifyInstance) => void>()

// Fastify tells of each instance before anything is registered on it, so that routes are seen whoever registers them. The
// module that makes the app has to be loaded after this one, or its routes be given as OpenAPI.
subscribe('fastify.initialization', (message) => {
  const fastify: unknown = Reflect.get(Object(message), 'fastify')
  if (!isFastify(fastify)) return
  const found: Known = { routes: [], tenancy: undefined }
  known.set(fastify, found)
  for (const listener of onInstance) listener(fastify)
  fastify.addHook('onRoute', function collectRouteHook (route) {
    if (this.hasDecorator('tenancy')) found.tenancy ??= this.tenancy
    for (const method of [route.method].flat()) {
      if (method === 'HEAD' || method === 'OPTIONS') continue
      found.routes.push(() => ({
        method,
        url: route.url,
        schema: resolved(Object(route.schema), this.getSchemas()),
        // Where the plugin was registered on a child, routes beside it have no tenant.
        isPublic: route.config?.tenancy === false || (found.tenancy !== undefined && !this.hasDecorator('tenancy')),
        isOptional: route.config?.tenancy === 'optional',
        isWebSocket: Reflect.get(route, 'websocket') === true,
        headers: headersOf(Object(route.constraints))
      }))
    }
  })
})

function headersOf ({ version, host }: { readonly version?: unknown, readonly host?: unknown }): Record<string, string> {
  return { ...(typeof version === 'string' ? { 'accept-version': version } : {}), ...(typeof host === 'string' ? { host } : {}) }
}

/** Calls `listener` with each Fastify instance that is made until the returned function is called. */
export function hearInstances (listener: (fastify: FastifyInstance) => void): () => void {
  onInstance.add(listener)
  return () => { onInstance.delete(listener) }
}

/** Returns the routes that are known of a service, in the order of their registration. */
export function routesOf (app: object, openapi: object | undefined): readonly Route[] {
  const routes = (known.get(app)?.routes ?? []).map((route) => route())
  for (const route of openapi === undefined ? [] : routesOfDocument(openapi)) {
    const at = routes.findIndex(({ method, url }) => method === route.method && url === route.url)
    const found = routes[at]
    if (found === undefined) routes.push(route)
    else routes[at] = { ...found, schema: { ...route.schema, ...found.schema } }
  }
  return routes
}

/** Each part of a route's schema is a document of its own. */
function resolved (schema: Route['schema'], named: Readonly<Record<string, unknown>>): Route['schema'] {
  return Object.fromEntries(Object.entries(schema).map(([part, own]) => [part, resolveReference(Object(own), own, named)]))
}

/** Returns the tenancy of a service, wherever in it the plugin was registered. */
export function tenancyOf (app: object): Tenancy | undefined {
  const own: unknown = Reflect.get(app, 'tenancy')
  return isTenancy(own) ? own : known.get(app)?.tenancy
}

function isTenancy (value: unknown): value is Tenancy {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'runWithTenant') === 'function'
}

const METHODS = new Set(['get', 'post', 'put', 'patch', 'delete'])

function routesOfDocument (document: object): readonly Route[] {
  return Object.entries(Object(Reflect.get(document, 'paths'))).flatMap(([path, item]) =>
    Object.entries(Object(item)).filter(([method]) => METHODS.has(method)).map(([method, operation]): Route => ({
      method: method.toUpperCase(),
      url: path.replaceAll(/\{([^}]+)\}/g, ':$1'),
      schema: schemasOf(document, [Reflect.get(Object(item), 'parameters'), Reflect.get(Object(operation), 'parameters')].flat(), operation),
      isPublic: false,
      isOptional: false,
      isWebSocket: false,
      headers: {}
    })))
}

function schemasOf (document: object, parameters: readonly unknown[], operation: unknown): Record<string, unknown> {
  const resolved = parameters.map((parameter) => Object(resolveReference(document, parameter)))
  const part = (place: string): object => {
    const own = resolved.filter((parameter) => Reflect.get(parameter, 'in') === place)
    return {
      type: 'object',
      properties: Object.fromEntries(own.map((parameter) => [String(parameter.name), resolveReference(document, parameter.schema)])),
      required: own.filter((parameter) => Reflect.get(parameter, 'required') === true).map((parameter) => String(parameter.name))
    }
  }
  const content = Object(Object(resolveReference(document, Reflect.get(Object(operation), 'requestBody'))).content)
  const body: unknown = Object(content['application/json']).schema
  return { params: part('path'), querystring: part('query'), ...(body === undefined ? {} : { body: resolveReference(document, body) }) }
}

/** Follows a reference, `#/…` inside of `root` or `name#/…` into a schema that has this name, and those behind it, a few levels deep. */
function resolveReference (root: object, value: unknown, named: Readonly<Record<string, unknown>> = {}, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth > 12) return value
  if (Array.isArray(value)) return value.map((item) => resolveReference(root, item, named, depth + 1))
  const reference: unknown = Reflect.get(value, '$ref')
  const [name = '', path = ''] = typeof reference === 'string' ? reference.split('#') : []
  if (typeof reference === 'string' && (name === '' || name in named)) {
    const start = name === '' ? root : Object(named[name])
    const target = path.split('/').slice(1).reduce<unknown>((found, key) => Reflect.get(Object(found), key.replaceAll('~1', '/').replaceAll('~0', '~')), start)
    return resolveReference(start, target, named, depth + 1)
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolveReference(root, inner, named, depth + 1)]))
}

function isFastify (value: unknown): value is FastifyInstance {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'addHook') === 'function'
}
