import { type Static, Type } from '@sinclair/typebox'

// What the processes of the benchmark say to each other. Everything is checked where it arrives.

const isolationSchema = Type.Union([Type.Literal('rls'), Type.Literal('schema'), Type.Literal('schema+rls')])

/** A client of the database, and for how many tenants it works. `postgres.js` alone knows none. */
export const clientSchema = Type.Object({
  way: Type.Union([Type.Literal('postgres.js'), Type.Literal('sql.begin'), Type.Literal('node-postgres'), Type.Literal('zakops-tenancy')]),
  isolation: isolationSchema,
  tenants: Type.Integer({ minimum: 1 }),
  url: Type.String()
})

/** How many users with a token each a tenant of the Fastify application has. */
export const USERS = 10

/** What a caller does again and again: one statement, a transaction of five, or 0.5 % slow statements among fast ones. */
const workSchema = Type.Union([Type.Literal('statement'), Type.Literal('transaction'), Type.Literal('mixed')])

/** What the process of clients is asked. */
export const clientQuestionSchema = Type.Union([
  Type.Object({ ask: Type.Literal('open'), clients: Type.Array(clientSchema) }),
  Type.Object({ ask: Type.Literal('run'), client: Type.Integer(), work: workSchema, callers: Type.Integer(), milliseconds: Type.Number() }),
  Type.Object({ ask: Type.Literal('visit'), client: Type.Integer(), first: Type.Integer(), last: Type.Integer(), callers: Type.Integer() })
])

/** What the process of the Fastify application is asked. */
export const appQuestionSchema = Type.Union([
  Type.Object({
    ask: Type.Literal('open'),
    app: Type.Union([Type.Literal('no token'), Type.Literal('jwtVerify'), Type.Literal('zakops-tenancy')]),
    url: Type.String(),
    secret: Type.String()
  }),
  Type.Object({ ask: Type.Literal('cpu') })
])

/** What the process that sends requests is asked. The address comes first, then as many runs as wanted. */
export const loadQuestionSchema = Type.Union([
  Type.Object({
    ask: Type.Literal('open'),
    port: Type.Integer(),
    secret: Type.String(),
    isolation: isolationSchema,
    tenants: Type.Integer({ minimum: 1 }),
    /** Whether the answers have to be the token's tenant's, or the one organisation's. */
    isTenancy: Type.Boolean()
  }),
  Type.Object({ ask: Type.Literal('run'), connections: Type.Integer(), milliseconds: Type.Number() })
])

/** What the proxy is asked. */
export const proxyQuestionSchema = Type.Object({ host: Type.String(), port: Type.Integer(), delay: Type.Number() })

/** One run of one contender. Times are milliseconds; `cpu` is Node's, in microseconds, both user's and system's. */
export const measureSchema = Type.Object({
  count: Type.Integer({ minimum: 1 }),
  milliseconds: Type.Number(),
  cpu: Type.Number(),
  p50: Type.Number(),
  p95: Type.Number(),
  p99: Type.Number()
})

export const portSchema = Type.Object({ port: Type.Integer() })
export const cpuSchema = Type.Object({ cpu: Type.Number() })
export const readySchema = Type.Object({ ready: Type.Literal(true) })

/** What a process holds after a visit: bytes, and whatever `tenancy.stats()` says. */
export const holdingsSchema = Type.Object({ milliseconds: Type.Number(), heap: Type.Number(), resident: Type.Number(), stats: Type.Unknown() })

/** The isolation strategies that are measured. */
export type Isolation = Static<typeof isolationSchema>
export type ClientPlan = Static<typeof clientSchema>
export type Work = Static<typeof workSchema>
export type AppName = 'no token' | 'jwtVerify' | 'zakops-tenancy'
export type Measure = Static<typeof measureSchema>
export type Holdings = Static<typeof holdingsSchema>
