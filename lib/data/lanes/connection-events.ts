import type { Connection } from './connection.ts'
import type { Cycle } from './cycle.ts'

/** What a connection tells whoever opened it. */
export interface ConnectionEvents {
  /** Cycles were answered: there may be room for others. */
  answered (connection: Connection): void
  /** The connection is gone. `unsent` never left the process, so they can be sent on another one. */
  ended (connection: Connection, unsent: readonly Cycle[], reason: Error): void
  /** What the connection had prepared for this cycle is out of date, and nothing was executed: it can be sent again. */
  outdated (connection: Connection, cycle: Cycle): void
}
