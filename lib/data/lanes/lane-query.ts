import type { DriverQuery } from '../wire/index.ts'

/** A query as lanes run it. */
export interface LaneQuery extends DriverQuery {
  /** From now on `reject` asks `judge` what the caller gets to see for an error of the driver. */
  judgeErrors (judge: (error: unknown) => unknown): void
  /** Tells whoever still reads or writes a part of the answer that it is lost. */
  abandon (reason: Error): void
}

/** Kept here and not on the query, where whoever has one could set it. */
const notifications = new WeakSet<LaneQuery>()

/** Lets `query` notify: it is the package's own statement, with the tenant's name of the channel. */
export function allowNotification (query: LaneQuery): void {
  notifications.add(query)
}

export function isNotification (query: LaneQuery): boolean {
  return notifications.has(query)
}
