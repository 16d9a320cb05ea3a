import type { TransactionOpening } from '../wire/index.ts'
import type { Connection } from './connection.ts'

/** The connection that a lane has alone. */
export interface Seat {
  readonly connection: Connection
  /** Returns, once, what begins the transaction that the lane's next cycle is the first of. */
  readonly takeOpening: () => TransactionOpening | undefined
}
