import type { AskForTypes } from './type-lookup.ts'
import type { ConnectionStats } from './multiplexer-options.ts'

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
  /** Whether a pooler stands in between, which takes no start-up parameters. */
  readonly isPooled: boolean
  /** Asks the server which types are arrays. */
  readonly askForTypes: AskForTypes
  readonly timeouts: { readonly connect: number, readonly acquire: number, readonly statement: number, readonly transaction: number }
}
