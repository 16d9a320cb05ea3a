import type { FastifyJWTOptions } from '@fastify/jwt'
import { type Static, Type } from '@sinclair/typebox'
import type { Options as PostgresOptions } from 'postgres'
import type { TenancyLogger } from '../../words/types.ts'

// The one truth about the options: type, default, environment name and, in the comment above each, its meaning. Editors show
// the comment, and the README's table is made from it.

const closed = { additionalProperties: false }

/** A database: its URL, or the options of postgres.js. */
export type DatabaseOption = string | PostgresOptions<Record<string, never>>

const database = (env: string | undefined) =>
  Type.Unsafe<DatabaseOption>(Type.Union([Type.String({ minLength: 1 }), Type.Object({})], env === undefined ? {} : { env }))

const milliseconds = (defaultValue: number) => Type.Integer({ minimum: 1, maximum: 86_400_000, default: defaultValue })

const count = (defaultValue: number, maximum: number) => Type.Integer({ minimum: 1, maximum, default: defaultValue })

const serverSchema = Type.Object({
  /** The server, as the application's role: the database that holds the schemas of its tenants. */
  database: database(undefined),
  /** The same database as the role that owns the schemas. */
  ownerDatabase: Type.Optional(database(undefined)),
  /** The same server as a role that may create databases. Only tenants with a database of their own need it, when they are made and retired. */
  adminDatabase: Type.Optional(database(undefined)),
  /** The same database as the role that sees the rows of all tenants: `operator` of `setUpDatabase`. Only work across tenants uses it. */
  operatorDatabase: Type.Optional(database(undefined)),
  /** How many of the new tenants this server gets, beside the weights of the others; 0 takes only those that are sent here by name. Default: `1`. */
  weight: Type.Number({ minimum: 0, maximum: 1_000_000, default: 1 }),
  /** What `provision({ server: { tag } })` finds this server by, such as `eu`. */
  tags: Type.Array(Type.String({ minLength: 1 }), { default: [] })
}, closed)

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
  waiting: count(10_000, 1_000_000),
  /** The most connections to all servers and to tenants' own databases together, where one that is not used is given up for another; 100 if it is left out, or `lanes.max` if that is more. */
  total: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 }))
}, { ...closed, default: {} })

const timeoutsSchema = Type.Object({
  /** The longest wait for a new connection. Default: `10000` ms. */
  connect: milliseconds(10_000),
  /** The longest wait for a free connection. Default: `10000` ms. */
  acquire: milliseconds(10_000),
  /** The longest time for one statement. Default: `60000` ms. */
  statement: milliseconds(60_000),
  /** The longest time for one transaction, its callback included. Default: `120000` ms. */
  transaction: milliseconds(120_000),
  /** How long a tenant's own database keeps connections that nobody uses. Default: `60000` ms. */
  idle: milliseconds(60_000)
}, { ...closed, default: {} })

// What is in it is judged by `signingOf`, whose sentences say more than "must be an object".
/** See {@link SigningOption}. */
export const signingSchema = Type.Object({
  keys: Type.Record(Type.String(), Type.String()),
  current: Type.String(),
  lifetime: Type.Optional(Type.Integer())
}, closed)

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
  /** The same server as a role that may create databases. Only tenants with a database of their own need it, when they are made and retired. Environment: `ADMIN_DATABASE_URL`. */
  adminDatabase: Type.Optional(database('ADMIN_DATABASE_URL')),
  /** The same database as the role that sees the rows of all tenants: `operator` of `setUpDatabase`. Only `runWithoutTenant` and what works across tenants use it, on connections of their own. Environment: `OPERATOR_DATABASE_URL`. */
  operatorDatabase: Type.Optional(database('OPERATOR_DATABASE_URL')),
  /** More servers for tenants, by name; `default` is the one of `database`, where the registry is. Each has `database`, `ownerDatabase`, `adminDatabase`, `operatorDatabase` as above, a `weight` for new tenants and `tags`. */
  servers: Type.Record(Type.String({ pattern: '^[a-z][a-z0-9_-]{0,62}$' }), serverSchema, { ...closed, default: {} }),
  /** How many of the new tenants the server `default` gets, beside the weights of `servers`; 0 takes only those that are sent to it by name. Default: `1`. */
  weight: Type.Number({ minimum: 0, maximum: 1_000_000, default: 1 }),
  /** How tenants that are provisioned from now on are kept apart, unless `provision` says otherwise. Default: `schema+rls`. Environment: `TENANT_ISOLATION`. */
  isolation: Type.Union([Type.Literal('schema+rls'), Type.Literal('schema'), Type.Literal('rls'), Type.Literal('database')], { default: 'schema+rls', env: 'TENANT_ISOLATION' }),
  /** The claim that holds the tenant id: a path with dots (`org.id`), or the whole name of a claim that has dots in it. Default: `tenant_id`. Environment: `TENANT_CLAIM`. */
  claim: Type.String({ minLength: 1, default: 'tenant_id', env: 'TENANT_CLAIM' }),
  /** Options of `@fastify/jwt`, which the plugin then registers. Leave it out where the application registered `@fastify/jwt` before. */
  jwt: Type.Optional(Type.Unsafe<FastifyJWTOptions>(Type.Object({}))),
  /** Places of a request that have to name the same tenant as its token, or none. They never choose the tenant. */
  agree: agreeSchema,
  /** Folder of the migrations, or of its folders `shared` (once for each database) and `tenant` (for every tenant): `.sql` files and modules, applied in the order of their numbers. Environment: `TENANT_MIGRATIONS`. */
  migrations: Type.Optional(Type.String({ minLength: 1, env: 'TENANT_MIGRATIONS' })),
  /** The name or number of the tenant migration that a tenant must have had to be served; others get 503 until `migrate` has been run for them. In `multi` mode. Environment: `TENANT_MIN_MIGRATION`. */
  minMigration: Type.Optional(Type.String({ pattern: '^[0-9]+([-_].*)?$', env: 'TENANT_MIN_MIGRATION' })),
  /** The schema of the shared tables under `rls`. Default: `shared`. */
  sharedSchema: Type.String({ default: 'shared' }),
  /** What the names of tenants' own databases begin with: deployments that share a server need different ones. Default: `tenant_`. */
  databasePrefix: Type.String({ pattern: '^[a-z][a-z0-9_]{0,6}$', default: 'tenant_' }),
  /** A secret that goes into the names of channels on the server, so that SQL cannot work out another tenant's; the same in every process that is to hear the others. Environment: `TENANT_CHANNEL_KEY`. */
  channelKey: Type.Optional(Type.String({ minLength: 16, env: 'TENANT_CHANNEL_KEY' })),
  /** Signs the tenant context, so that SQL cannot change the tenant: `{ keys: { '2026-11': secret }, current: '2026-11' }`, with `lifetime` in ms (60000 if it is left out); in the environment `2026-11:secret`, and behind a comma keys that are still to be known. Each secret has at least 32 characters. Environment: `TENANT_SIGNING`. */
  signing: Type.Optional(Type.Unsafe<SigningOption | string>(Type.Union([signingSchema, Type.String({ minLength: 1 })], { env: 'TENANT_SIGNING' }))),
  /** Sends tenant settings in the way that a database takes which `setUpDatabase({ locked: true })` has locked: no SQL that comes through the tenant client can change the tenant there. Not together with `signing`. Default: `false`. Environment: `TENANT_LOCKED`. */
  locked: Type.Boolean({ default: false, env: 'TENANT_LOCKED' }),
  /** The schema of extensions; the only other one on the search_path of a tenant with a schema of its own. Default: `extensions`. */
  extensionsSchema: Type.String({ default: 'extensions' }),
  /** How long a tenant that was looked up is believed, so how long it takes to feel a suspension made by another process. Default: `1000` ms. */
  registryCacheMs: milliseconds(1_000),
  /** Where the id of a refused request leads: `log`, or `table` for the log and a table that `zakops-tenancy why` reads, written once in a second at most. Default: `log`. Environment: `TENANT_REFUSALS`. */
  refusals: Type.Union([Type.Literal('log'), Type.Literal('table')], { default: 'log', env: 'TENANT_REFUSALS' }),
  /** How many connections there are. */
  lanes: lanesSchema,
  /** How long anything may take. */
  timeouts: timeoutsSchema,
  /** A logger with `info`, `warn` and `error`: the Fastify instance's if it is left out, and warnings of the process where there is no Fastify. */
  log: Type.Optional(Type.Unsafe<TenancyLogger>(Type.Any()))
}, closed)

/** The option `signing`, as an object. */
export type SigningOption = Static<typeof signingSchema>

/** The options with every default filled in. */
export type CompleteOptions = Static<typeof optionsSchema>

/** The options of the plugin and of `createTenancy`, as users write them: everything may come from the environment. */
export type TenancyOptions = {
  readonly [K in keyof CompleteOptions]?:
  K extends 'lanes' | 'timeouts' ? Partial<CompleteOptions[K]> : K extends 'servers' ? Readonly<Record<string, ServerOptions>> : CompleteOptions[K]
}

/** A server for tenants, after defaults. */
export type ServerConfig = Static<typeof serverSchema>

/** A server for tenants, as users write it. */
export type ServerOptions = Pick<ServerConfig, 'database'> & Partial<ServerConfig>
