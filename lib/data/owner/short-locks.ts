import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql, TransactionSql } from 'postgres'
import { isServerError } from '../lanes/index.ts'
import { inTransaction } from './transaction.ts'

const LOCK_NOT_AVAILABLE = '55P03'
const DEADLOCK = '40P01'

/**
 * While a lock of a table is waited for, everybody else waits behind it: so it is asked for shortly at first, and longer where
 * that is in vain. Below the second after which the server looks for deadlocks, so that it is never the service whose
 * transaction is given up.
 */
const SHORT_LOCK = 50
const LONGEST_LOCK = 400
const PAUSE = 100

/** Tables that are to be locked, and whom that keeps out. */
export interface ShortLock {
  /** Schema and name of each, quoted. */
  readonly tables: readonly string[]
  readonly keepsOut: 'writers' | 'everybody'
  /** How long it may be tried for, in milliseconds. */
  readonly patience: number
}

/** Tells whether the server says that a lock was not to be had for now. */
export function isLockTimeout (error: unknown): boolean {
  return isServerError(error) && (error.code === LOCK_NOT_AVAILABLE || error.code === DEADLOCK)
}

/**
 * Runs `fn` as a transaction that never waits long for a lock, as often as it takes. Between two tries it waits, without
 * asking for the lock, for those to end that were in the way: a transaction that stays open holds nobody else up. Throws
 * the server's error where it was in vain for so long.
 */
export async function withShortLocks<T> (sql: Sql, lock: ShortLock, fn: (tx: TransactionSql) => Promise<T>): Promise<T> {
  const deadline = performance.now() + lock.patience
  for (let wait = SHORT_LOCK; ; wait = Math.min(LONGEST_LOCK, wait * 2)) {
    try {
      return await inTransaction(sql, { lock: wait }, fn)
    } catch (error) {
      if (!isLockTimeout(error) || performance.now() > deadline) throw error
      await untilOthersEnd(sql, lock, deadline)
    }
  }
}

async function untilOthersEnd (sql: Sql, lock: ShortLock, deadline: number): Promise<void> {
  const first = await holdersOf(sql, lock)
  do await sleep(PAUSE * (0.5 + Math.random()))
  while (performance.now() < deadline && (await holdersOf(sql, lock)).some((holder) => first.includes(holder)))
}

/** The transactions that hold a lock which is in the way. */
async function holdersOf (sql: Sql, { tables, keepsOut }: ShortLock): Promise<readonly unknown[]> {
  const rows = await sql`
    select l.virtualtransaction as holder from pg_catalog.pg_locks l
    where l.relation in (select pg_catalog.to_regclass(name) from pg_catalog.json_array_elements_text(${JSON.stringify(tables)}::text::json) name)
      and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
      and l.granted and (${keepsOut === 'everybody'} or l.mode not in ('AccessShareLock', 'RowShareLock'))`
  return rows.map(({ holder }) => holder)
}
