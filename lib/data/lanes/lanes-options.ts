import type { AskForTypes } from './type-lookup.ts'
import type { ConnectionBudget } from './connection-budget.ts'
import type { PlaceMark } from './assert-place.ts'
import type { ConnectionStats } from './multiplexer-options.ts'
import type { TableAge } from './server-statements.ts'

/** What the connections and lanes of one database are doing. */
export interface LaneStats {
  readonly connections: ConnectionStats
  /** Statements on their way, transactions and reservations. */
  readonly held: number
  /** Statements that wait for their turn, and callers that wait for a connection alone. */
  readonly waiting: number
  /** Driver clients without a statement. */
  readonly idle: number
  /** SQL texts that are remembered, and what they mean in how many schemas. */
  readonly texts: number
  readonly statements: number
}

export interface LanesOptions {
  readonly max: number
  /** The most connections that one tenant may have alone, and its share of the statements that run at once. */
  readonly perTenant: number
  readonly waiting: number
  /** The connections of all databases together. */
  readonly budget: ConnectionBudget
  /** How old the tables are. */
  readonly age: TableAge
  /** How many connections are never given up for another database. */
  readonly keep: number
  /** What every new connection has to say of where it leads; undefined where nobody else's database could be. */
  readonly mark?: PlaceMark | undefined
  /** Whether a pooler stands in between, which takes no start-up parameters. */
  readonly isPooled: boolean
  /** Asks the server which types are arrays. */
  readonly askForTypes: AskForTypes
  readonly timeouts: { readonly connect: number, readonly acquire: number, readonly statement: number, readonly transaction: number }
}
