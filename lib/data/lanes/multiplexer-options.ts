import type { OpenSocket } from '../wire/index.ts'
import type { ConnectionBudget } from './connection-budget.ts'
import type { TableAge } from './server-statements.ts'

/** How connections are opened, and how many. */
export interface MultiplexerOptions {
  /** Opens a socket that is logged in, outside of every tenant context. */
  readonly open: () => Promise<OpenSocket>
  readonly max: number
  /** The connections of all databases together. */
  readonly budget: ConnectionBudget
  /** How old the tables are. */
  readonly age: TableAge
  /** How many connections are never given up for another database. */
  readonly keep: number
  /** The most connections that one tenant may have alone at the same time. */
  readonly perTenant: number
  readonly timeouts: { readonly acquire: number, readonly statement: number, readonly transaction: number }
}

/** What connections are doing. */
export interface ConnectionStats {
  readonly shared: number
  readonly alone: number
  readonly opening: number
  readonly opened: number
  readonly discarded: number
}
