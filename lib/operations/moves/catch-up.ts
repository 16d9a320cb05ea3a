import type { Sql, TransactionSql } from 'postgres'
import { TransferMismatchError, TransferUnverifiedError } from '../../words/errors/index.ts'
import { isServerError } from '../../data/lanes/index.ts'
import { inTransaction } from '../../data/owner/index.ts'
import {
  type ChangeOrder, type Ends, type TableCopy, type TableCount, clearTables, copyChanges, copyTables, enterTenant, matchTables, readShape, verifyCounts, verifyTables
} from '../transfer/index.ts'
import { countChanges, forgetChanges } from './capture.ts'
import type { Link, MoveJob } from './job.ts'

/** So few changes are left for the time in which writes wait. */
const FEW_CHANGES = 200
const MOST_ROUNDS = 50

/** Up to so many rows every table is compared whole while writes wait; else those that changed, and all are counted. */
const FEW_ROWS = 50_000

/** Looks at both places, and returns the tables that are copied. */
export async function matchPlaces ({ source, target, config }: MoveJob, from: Sql, to: Sql): Promise<readonly TableCopy[]> {
  const shapeAt = async (sql: Sql, tenant: MoveJob['source']) => await inTransaction(sql, { lock: config.timeouts.acquire }, async (tx) => {
    await enterTenant(tx, tenant, config.extensionsSchema)
    return { tenant, tables: await readShape(tx, tenant.schema) }
  })
  const [there, here] = await Promise.all([shapeAt(from, source), shapeAt(to, target)])
  return matchTables(there, here)
}

/** Copies every row, as one snapshot has them, and compares. */
export async function copyAll (job: MoveJob, link: Link): Promise<readonly TableCount[]> {
  return await inSnapshot(job, link, (from) => atTarget(job, link, async (to) => await copyWhole(job, { from, to }, link.copies)))
}

/** Copies what was noted since, and compares every table whose changes are noted. */
export async function verifyAll (job: MoveJob, link: Link): Promise<readonly TableCount[]> {
  return await copyLatest(job, link, (ends) => verifyTables(ends, link.copies.filter(({ hasKey }) => hasKey)))
}

/** Copies what changed meanwhile, again and again, until little is left. */
export async function catchUp (job: MoveJob, link: Link): Promise<void> {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const changes = await countChanges(link.from, job.move.number, FEW_CHANGES)
    job.onProgress({ step: 'catching-up', rows: changes })
    if (changes > 0) await copyLatest(job, link, async () => [])
    if (changes < FEW_CHANGES) return
  }
}

/** Copies the last changes, while no write is under way, and compares all tables. */
export async function copyRest (job: MoveJob, link: Link, lastCounts: readonly TableCount[]): Promise<readonly TableCount[]> {
  const keyless = link.copies.filter(({ hasKey }) => !hasKey)
  const isSmall = lastCounts.reduce((sum, { rows }) => sum + rows, 0) <= FEW_ROWS
  return await copyLatest(job, link, async (ends) => {
    await clearTables(ends.to, keyless)
    await copyTables(ends, keyless, () => {})
    if (isSmall) return await verifyTables(ends, link.copies)
    await verifyCounts(ends, link.copies)
    return await verifyTables(ends, keyless)
  })
}

/**
 * Throws if the tables of the source are not those any more that are copied: a migration that ran meanwhile.
 *
 * @throws {TransferMismatchError} FST_TENANCY_TRANSFER_MISMATCH
 */
export async function assertUnchanged (job: MoveJob, link: Link): Promise<void> {
  const now = await matchPlaces(job, link.from, link.to)
  const changed = now.find((copy, at) => JSON.stringify(copy) !== JSON.stringify(link.copies[at]))
  if (changed !== undefined || now.length !== link.copies.length) throw new TransferMismatchError(changed?.name ?? '')
}

/**
 * Brings the target to one snapshot of the source. Rows that changed are written in one order or the other, as constraints
 * let them; where neither will do, such as when two rows swapped a unique value, everything is copied again.
 */
async function copyLatest (job: MoveJob, link: Link, last: (ends: Ends) => Promise<readonly TableCount[]>): Promise<readonly TableCount[]> {
  const keyed = link.copies.filter(({ hasKey }) => hasKey)
  return await inSnapshot(job, link, async (from) => {
    for (const order of ['deletes first', 'deletes last'] as const satisfies readonly ChangeOrder[]) {
      try {
        return await atTarget(job, link, async (to) => {
          await copyChanges({ from, to }, keyed, job.move.number, order)
          return await last({ from, to })
        })
      } catch (error) {
        if (!isConstraintError(error) && !(error instanceof TransferUnverifiedError)) throw error
      }
    }
    return await atTarget(job, link, async (to) => await copyWhole(job, { from, to }, link.copies))
  })
}

async function copyWhole (job: MoveJob, ends: Ends, copies: readonly TableCopy[]): Promise<readonly TableCount[]> {
  await clearTables(ends.to, copies)
  await copyTables(ends, copies, (table, rows) => job.onProgress({ step: 'copying', table, rows }))
  return await verifyTables(ends, copies)
}

/**
 * Runs `fn` with a snapshot of the source, and forgets the changes that it has once the target has them too. Changes that
 * are noted meanwhile are not in the snapshot, and stay.
 */
async function inSnapshot<T> ({ source, config, move }: MoveJob, { from }: Link, fn: (tx: TransactionSql) => Promise<T>): Promise<T> {
  return await inTransaction(from, { lock: config.timeouts.acquire }, async (tx) => {
    await tx.unsafe('set transaction isolation level repeatable read')
    await enterTenant(tx, source, config.extensionsSchema)
    const result = await fn(tx)
    await forgetChanges(tx, move.number)
    return result
  })
}

async function atTarget<T> ({ target, config }: MoveJob, { to }: Link, fn: (tx: TransactionSql) => Promise<T>): Promise<T> {
  return await inTransaction(to, { lock: config.timeouts.acquire }, async (tx) => {
    await enterTenant(tx, target, config.extensionsSchema)
    return await fn(tx)
  })
}

/** Tells whether the server refused what was written because of a constraint. */
function isConstraintError (error: unknown): boolean {
  return isServerError(error) && error.code.startsWith('23')
}
