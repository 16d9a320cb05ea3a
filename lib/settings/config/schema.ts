import type { FastifyJWTOptions } from '@fastify/jwt'
import { type Static, Type } from '@sinclair/typebox'
import type { Options as PostgresOptions } from 'postgres'
import type { TenancyLogger } from '../../words/types.ts'

// The one truth about the options: type, default, environment name and description. The README's table is made from it.

const closed = { additionalProperties: false }

/** A database: its URL, or the options of postgres.js. */
export type DatabaseOption = string | PostgresOptions<Record<string, never>>

const database = (env: string, description: string) =>
  Type.Unsafe<DatabaseOption>(Type.Union([Type.String({ minLength: 1 }), Type.Object({})], { env, description }))

const milliseconds = (defaultValue: number, description: string) =>
  Type.Integer({ minimum: 1, maximum: 86_400_000, default: defaultValue, description })

const count = (defaultValue: number, maximum: number, description: string) =>
  Type.Integer({ minimum: 1, maximum, default: defaultValue, description })

const agreeSchema = Type.Object({
  header: Type.Optional(Type.String({ minLength: 1, description: 'Name of a request header, such as `x-tenant-id`.' })),
  host: Type.Optional(Type.String({ pattern: '^\\{tenant\\}\\.[A-Za-z0-9.-]+$', description: 'Pattern of the host name, such as `{tenant}.example.com`.' })),
  param: Type.Optional(Type.String({ minLength: 1, description: 'Name of a route parameter, such as `tenantId`.' }))
}, { ...closed, default: {} })

const lanesSchema = Type.Object({
  max: count(10, 1000, 'The most connections to the database.'),
  perTenant: Type.Optional(Type.Integer({
    minimum: 1,
    maximum: 1000,
    description: 'The most connections that one tenant may hold at the same time. Default: all but one in `multi` mode, all in `single` mode.'
  })),
  waiting: count(10_000, 1_000_000, 'The most statements and transactions that wait for a connection. When it is full, the tenant with the most of them is refused with 503.')
}, { ...closed, default: {} })

const timeoutsSchema = Type.Object({
  connect: milliseconds(10_000, 'The longest wait for a new connection.'),
  acquire: milliseconds(10_000, 'The longest wait for a free connection.'),
  statement: milliseconds(60_000, 'The longest time for one statement.'),
  transaction: milliseconds(120_000, 'The longest time for one transaction, its callback included.')
}, { ...closed, default: {} })

/** Every option. What has a default or is required is required here: the schema is checked after defaults are in. */
export const optionsSchema = Type.Object({
  mode: Type.Union([Type.Literal('single'), Type.Literal('multi')], {
    default: 'single',
    env: 'TENANT_MODE',
    description: '`single`: one fixed tenant, no registry, no token needed, tenant names sent by clients are ignored. `multi`: the tenant comes from the token.'
  }),
  tenantId: Type.String({
    default: 'default',
    env: 'TENANT_ID',
    description: 'The tenant of `single` mode.'
  }),
  enforce: Type.Boolean({
    default: true,
    env: 'ENFORCE_TENANT_ISOLATION',
    description: '`false` is *observe*: what would be refused is logged, counted and let through, where the database itself still allows it.'
  }),
  database: database('DATABASE_URL', 'The database, as the application\'s role: a URL or postgres.js options.'),
  ownerDatabase: Type.Optional(database('OWNER_DATABASE_URL', 'The same database as the role that owns the schemas. Only provisioning, migrations and changes of the registry use it; a process that only serves requests does without.')),
  isolation: Type.Union([Type.Literal('schema+rls'), Type.Literal('schema'), Type.Literal('rls'), Type.Literal('database')], {
    default: 'schema+rls',
    env: 'TENANT_ISOLATION',
    description: 'How tenants are kept apart, unless their registry row says otherwise. (`database` is not there yet and is refused.)'
  }),
  claim: Type.String({
    minLength: 1,
    default: 'tenant_id',
    env: 'TENANT_CLAIM',
    description: 'The claim that holds the tenant id: a path with dots (`org.id`), or the whole name of a claim that has dots in it.'
  }),
  jwt: Type.Optional(Type.Unsafe<FastifyJWTOptions>(Type.Object({}, {
    description: 'Options of `@fastify/jwt`, which the plugin then registers. Leave it out where the application registered `@fastify/jwt` before.'
  }))),
  agree: agreeSchema,
  migrations: Type.Optional(Type.String({
    minLength: 1,
    env: 'TENANT_MIGRATIONS',
    description: 'Folder of the tenant migrations: `.sql` files, applied in the order of their names.'
  })),
  sharedSchema: Type.String({
    default: 'shared',
    description: 'The schema of the shared tables under `rls`.'
  }),
  extensionsSchema: Type.String({
    default: 'extensions',
    description: 'The schema of extensions; the only other one on a tenant\'s search_path.'
  }),
  registryCacheMs: milliseconds(1_000, 'How long a tenant that was looked up is believed, so how long it takes to feel a suspension made by another process.'),
  lanes: lanesSchema,
  timeouts: timeoutsSchema,
  log: Type.Optional(Type.Unsafe<TenancyLogger>(Type.Any({
    description: 'A logger with `info`, `warn` and `error`. Default: the Fastify instance\'s; without Fastify, warnings of the process.'
  })))
}, closed)

/** The options with every default filled in. */
export type CompleteOptions = Static<typeof optionsSchema>

/** The options of the plugin and of `createTenancy`, as users write them: everything may come from the environment. */
export type TenancyOptions = {
  readonly [K in keyof CompleteOptions]?: K extends 'lanes' | 'timeouts' ? Partial<CompleteOptions[K]> : CompleteOptions[K]
}
