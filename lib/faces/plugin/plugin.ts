import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { type TenancyOptions, resolveConfig } from '../../settings/config/index.ts'
import { OptionsInvalidError } from '../../words/errors/index.ts'
import { type OpenTenancy, openTenancy } from '../tenancy/index.ts'
import { singleAdmission, tokenAdmission } from './admission.ts'
import './augment.ts'
import { addContextHooks } from './hooks.ts'
import { addRefusalHooks } from './refusals.ts'
import { contextOf, requestTenancy } from './request-state.ts'
import { addTransactionHooks } from './route-transaction.ts'
import { openTokens, registerJwt } from './token.ts'

const tenancyPlugin: FastifyPluginAsync<TenancyOptions> = async (fastify, options) => {
  const config = resolveConfig({ ...options, log: options.log ?? fastify.log }, process.env)
  requireFreeNames(fastify)
  // Tokens go first: options that cannot be used must not leave an open connection behind.
  const tokens = config.mode === 'multi' ? await openTokens(fastify, config.jwt) : undefined
  if (tokens === undefined && config.jwt !== undefined) await registerJwt(fastify, config.jwt)
  const open = await openTenancy(config)
  fastify.addHook('onClose', async function closeTenancyHook () { await open.tenancy.close() })
  decorate(fastify, open)
  addContextHooks(fastify, tokens === undefined ? singleAdmission(open) : tokenAdmission(open, tokens))
  addTransactionHooks(fastify, open)
  addRefusalHooks(fastify, open)
}

/**
 * Makes a Fastify service multi-tenant: verifies each request's token, takes the tenant from its claim, and gives
 * `app.sql`, whose every statement runs as that tenant. A request without a usable tenant is refused with 401 or 403.
 *
 * Register it before the plugins whose routes need a tenant, and after `@fastify/cookie` if tokens come in cookies.
 *
 * @example
 * import Fastify from 'fastify'
 * import zakopsTenancy from 'zakops-tenancy'
 *
 * const app = Fastify()
 * await app.register(zakopsTenancy, { mode: 'multi', database: process.env.DATABASE_URL, jwt: { secret: process.env.JWT_SECRET } })
 * app.get('/deals', async () => app.sql`select * from deals`)
 *
 * The SQL sent (schema+rls):
 *   select set_config('search_path', $1, true), set_config('app.tenant_id', $2, true), …; select * from deals — one round trip
 *
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — lists every problem with the options at once.
 * @throws {RoleUnsafeError} FST_TENANCY_ROLE_UNSAFE — in multi mode, the role can see past the isolation.
 * @throws {InstanceMismatchError} FST_TENANCY_INSTANCE_MISMATCH — in single mode, the database is another TENANT_ID's.
 * @throws {DatabaseUnreachableError} FST_TENANCY_DATABASE_UNREACHABLE
 */
export const zakopsTenancy = fp(tenancyPlugin, { name: 'zakops-tenancy', fastify: '5.x' })

function decorate (fastify: FastifyInstance, open: OpenTenancy): void {
  fastify.decorate('sql', open.tenancy.sql)
  fastify.decorate('tenancy', open.tenancy)
  fastify.decorateRequest('tenant', { getter () { return contextOf(this)?.tenant ?? null } })
  fastify.decorateRequest('tenancy', { getter () { return requestTenancy(this) } })
}

/** @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — somebody else's decorator has one of our names. */
function requireFreeNames (fastify: FastifyInstance): void {
  const taken = [
    ...['sql', 'tenancy'].filter((name) => fastify.hasDecorator(name)).map((name) => `app.${name}`),
    ...['tenant', 'tenancy'].filter((name) => fastify.hasRequestDecorator(name)).map((name) => `request.${name}`)
  ]
  if (taken.length === 0) return
  throw new OptionsInvalidError(taken.map((name) => `- ${name} is decorated already: register this plugin once, and leave the name to it.`).join('\n'))
}
