import type { FastifyJWTOptions } from '@fastify/jwt'
import { type Static, Type } from '@sinclair/typebox'
import type { Options as PostgresOptions } from 'postgres'
import type { TenancyLogger } from '../../words/types.ts'

// The one truth about the options: type, default, environment name and, in the comment above each, its meaning. Editors show
// the comment, and the README's table is made from it.

const closed = { additionalProperties: false }

/** A database: its URL, or the options of postgres.js. */
export type DatabaseOption = string | PostgresOptions<Record<string, never>>

const database = (env: string) =>
  Type.Unsafe<DatabaseOption>(Type.Union([Type.String({ minLength: 1 }), Type.Object({})], { env }))

const milliseconds = (defaultValue: number) => Type.Integer({ minimum: 1, maximum: 86_400_000, default: defaultValue })

const count = (defaultValue: number, maximum: number) => Type.Integer({ minimum: 1, maximum, default: defaultValue })

const agreeSchema = Type.Object({
  /** Name of a request header, such as `x-tenant-id`. */
  header: Type.Optional(Type.String({ minLength: 1 })),
  /** Pattern of the host name, such as `{tenant}.example.com`. */
  host: Type.Optional(Type.String({ pattern: '^\\{tenant\\}\\.[A-Za-z0-9.-]+$' })),
  /** Name of a route parameter, such as `tenantId`. */
  param: Type.Optional(Type.String({ minLength: 1 }))
}, { ...closed, default: {} })

const lanesSchema = Type.Object({
  /** The most connections to the database. Default: `10`. */
  max: count(10, 1000),
  /** The most connections that one tenant may hold at the same time; all but one if it is left out, and all in `single` mode. */
  perTenant: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  /** The most statements and transactions that wait for a connection. When it is full, the tenant with the most of them is refused with 503. Default: `10000`. */
  waiting: count(10_000, 1_000_000)
}, { ...closed, default: {} })

const timeoutsSchema = Type.Object({
  /** The longest wait for a new connection. Default: `10000` ms. */
  connect: milliseconds(10_000),
  /** The longest wait for a free connection. Default: `10000` ms. */
  acquire: milliseconds(10_000),
  /** The longest time for one statement. Default: `60000` ms. */
  statement: milliseconds(60_000),
  /** The longest time for one transaction, its callback included. Default: `120000` ms. */
  transaction: milliseconds(120_000)
}, { ...closed, default: {} })

/** Every option. What has a default or is required is required here: the schema is checked after defaults are in. */
export const optionsSchema = Type.Object({
  /** `single`: one fixed tenant, no look-ups, no token needed, tenant names sent by clients are ignored. `multi`: the tenant comes from the token. Default: `single`. Environment: `TENANT_MODE`. */
  mode: Type.Union([Type.Literal('single'), Type.Literal('multi')], { default: 'single', env: 'TENANT_MODE' }),
  /** The tenant of `single` mode. It has to be provisioned too. Default: `default`. Environment: `TENANT_ID`. */
  tenantId: Type.String({ default: 'default', env: 'TENANT_ID' }),
  /** `false` is *observe*: what would be refused is logged, counted and let through, where the database itself still allows it. Default: `true`. Environment: `ENFORCE_TENANT_ISOLATION`. */
  enforce: Type.Boolean({ default: true, env: 'ENFORCE_TENANT_ISOLATION' }),
  /** The database, as the application's role: a URL or postgres.js options. Required. Environment: `DATABASE_URL`. */
  database: database('DATABASE_URL'),
  /** The same database as the role that owns the schemas. Only provisioning, migrations and changes of the registry use it; a process that only serves requests does without. Environment: `OWNER_DATABASE_URL`. */
  ownerDatabase: Type.Optional(database('OWNER_DATABASE_URL')),
  /** How tenants that are provisioned from now on are kept apart, unless `provision` says otherwise. Default: `schema+rls`. Environment: `TENANT_ISOLATION`. */
  isolation: Type.Union([Type.Literal('schema+rls'), Type.Literal('schema'), Type.Literal('rls')], { default: 'schema+rls', env: 'TENANT_ISOLATION' }),
  /** The claim that holds the tenant id: a path with dots (`org.id`), or the whole name of a claim that has dots in it. Default: `tenant_id`. Environment: `TENANT_CLAIM`. */
  claim: Type.String({ minLength: 1, default: 'tenant_id', env: 'TENANT_CLAIM' }),
  /** Options of `@fastify/jwt`, which the plugin then registers. Leave it out where the application registered `@fastify/jwt` before. */
  jwt: Type.Optional(Type.Unsafe<FastifyJWTOptions>(Type.Object({}))),
  /** Places of a request that have to name the same tenant as its token, or none. They never choose the tenant. */
  agree: agreeSchema,
  /** Folder of the tenant migrations: `.sql` files, applied in the order of their numbers. Environment: `TENANT_MIGRATIONS`. */
  migrations: Type.Optional(Type.String({ minLength: 1, env: 'TENANT_MIGRATIONS' })),
  /** The schema of the shared tables under `rls`. Default: `shared`. */
  sharedSchema: Type.String({ default: 'shared' }),
  /** A secret that goes into the names of channels on the server, so that SQL cannot work out another tenant's; the same in every process that is to hear the others. Environment: `TENANT_CHANNEL_KEY`. */
  channelKey: Type.Optional(Type.String({ minLength: 16, env: 'TENANT_CHANNEL_KEY' })),
  /** The schema of extensions; the only other one on the search_path of a tenant with a schema of its own. Default: `extensions`. */
  extensionsSchema: Type.String({ default: 'extensions' }),
  /** How long a tenant that was looked up is believed, so how long it takes to feel a suspension made by another process. Default: `1000` ms. */
  registryCacheMs: milliseconds(1_000),
  /** How many connections there are. */
  lanes: lanesSchema,
  /** How long anything may take. */
  timeouts: timeoutsSchema,
  /** A logger with `info`, `warn` and `error`: the Fastify instance's if it is left out, and warnings of the process where there is no Fastify. */
  log: Type.Optional(Type.Unsafe<TenancyLogger>(Type.Any()))
}, closed)

/** The options with every default filled in. */
export type CompleteOptions = Static<typeof optionsSchema>

/** The options of the plugin and of `createTenancy`, as users write them: everything may come from the environment. */
export type TenancyOptions = {
  readonly [K in keyof CompleteOptions]?: K extends 'lanes' | 'timeouts' ? Partial<CompleteOptions[K]> : CompleteOptions[K]
}
