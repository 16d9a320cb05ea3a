import postgres from 'postgres'

/** PostgreSQL's words for a lock table that is full. */
const OUT_OF_LOCKS = '53200'

/** A table with its indexes, its TOAST table and its sequences is some ten locks, and the lock table has some 6,400 by default. */
export const BATCH = 50

/**
 * Calls `fn` with 50 of `items` after the other, each call a transaction of its own. One that finds the lock table full is
 * tried again with half as many, down to one; from there on all are as small.
 */
export async function inBatches<T> (items: readonly T[], fn: (batch: readonly T[]) => Promise<void>): Promise<void> {
  for (let at = 0, size = BATCH; at < items.length;) {
    try {
      await fn(items.slice(at, at + size))
      at += size
    } catch (error) {
      if (size === 1 || !(error instanceof postgres.PostgresError) || error.code !== OUT_OF_LOCKS) throw error
      size = Math.ceil(size / 2)
    }
  }
}
