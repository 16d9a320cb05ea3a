import type { Sql, TransactionSql } from 'postgres'
import { enterCitus, hasCitus } from './citus.ts'

/** How long a transaction of the owner waits and works, in milliseconds. */
export interface TransactionLimits {
  /** The longest wait for one lock. */
  readonly lock: number
  /** The longest time for one statement. Default: what the server says. */
  readonly statement?: number
}

/** Runs `fn` as one transaction that waits for no lock for ever. Only for a client that nobody else uses (D-01). */
export async function inTransaction<T> (sql: Sql, limits: TransactionLimits, fn: (tx: TransactionSql) => Promise<T>): Promise<T> {
  const onCitus = await hasCitus(sql)
  const boxed = await sql.begin(async (tx) => {
    await tx.unsafe(`set local lock_timeout = ${limits.lock}`)
    if (limits.statement !== undefined) await tx.unsafe(`set local statement_timeout = ${limits.statement}`)
    if (onCitus) await enterCitus(tx)
    // In a box, because the driver's begin() awaits what an array holds.
    return { value: await fn(tx) }
  })
  return boxed.value
}
