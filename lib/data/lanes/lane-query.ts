import type { DriverQuery } from '../wire/index.ts'

/** A query as lanes run it. */
export interface LaneQuery extends DriverQuery {
  /** From now on `reject` asks `judge` what the caller gets to see for an error of the driver. */
  judgeErrors (judge: (error: unknown) => unknown): void
  /** Tells whoever still reads or writes a part of the answer that it is lost. */
  abandon (reason: Error): void
}
