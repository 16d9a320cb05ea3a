import type { TransactionSql } from 'postgres'
import { AdoptionBusyError } from '../../words/errors/index.ts'
import { isLockTimeout, withShortLocks } from '../../data/owner/index.ts'
import type { AdoptionJob } from './job.ts'

const PATIENCE = 300_000

/** The relations to lock, in the order in which statements of the service lock them. */
export interface LockedRelations {
  readonly name: string
  readonly relations: readonly string[]
  /** Whether the first statement of `fn` locks them: LOCK TABLE of a view would lock the tables that it reads too. */
  readonly isLockedByItself?: boolean
}

/**
 * Locks relations for nobody else to use, runs `fn` and commits, all within moments, as often as it takes.
 *
 * @throws {AdoptionBusyError} FST_TENANCY_ADOPTION_BUSY — they were never free for so long.
 */
export async function withShortLock (job: AdoptionJob, { name, relations, isLockedByItself = false }: LockedRelations, fn: (tx: TransactionSql) => Promise<void>): Promise<void> {
  let [attempts, began] = [0, 0]
  const lock = { tables: relations, keepsOut: 'everybody', patience: job.options.patienceMs ?? PATIENCE } as const
  await withShortLocks(job.sql, lock, async (tx) => {
    attempts++
    began = performance.now()
    if (!isLockedByItself) await tx.unsafe(`lock table ${relations.join(', ')} in access exclusive mode`)
    await fn(tx)
  }).catch((cause: unknown) => {
    throw isLockTimeout(cause) ? new AdoptionBusyError(name, { cause }) : cause
  })
  job.locks.push({ name, attempts, heldMs: Math.round((performance.now() - began) * 10) / 10 })
}
