import { type Static, Type } from '@sinclair/typebox'

// What the process that does the work is told, and what it says. Everything is checked where it arrives.

const databasesSchema = Type.Object({ database: Type.String(), ownerDatabase: Type.String(), adminDatabase: Type.String() })

export const jobSchema = Type.Object({
  first: databasesSchema,
  second: databasesSchema,
  tenants: Type.Integer({ minimum: 1 }),
  concurrency: Type.Integer({ minimum: 1 }),
  /** The id of the tenant whose migration is to fail, or null. */
  fail: Type.Union([Type.String(), Type.Null()]),
  /** The migrations that tenants are made with, and those with the ones that come later. */
  migrations: Type.String(),
  laterMigrations: Type.String()
})

export const phaseSchema = Type.Union([Type.Literal('provisioning'), Type.Literal('migrating')])

export const messageSchema = Type.Union([
  Type.Object({ phase: phaseSchema, done: Type.Integer(), total: Type.Integer() }),
  Type.Object({ report: Type.Object({ done: Type.Integer(), failed: Type.Array(Type.String()), isResumed: Type.Boolean() }) }),
  Type.Object({ problem: Type.String() })
])

/** How one server is logged in to, by who does it. */
export type Databases = Static<typeof databasesSchema>
export type Job = Static<typeof jobSchema>
export type Phase = Static<typeof phaseSchema>
export type Message = Static<typeof messageSchema>
