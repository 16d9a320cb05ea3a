import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql, TransactionSql } from 'postgres'
import { MigrationLockedError, MoveBusyError } from '../../words/errors/index.ts'
import { quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import type { Tenant } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { strategyOf } from '../../data/isolation/index.ts'
import { inTransaction, isLockTimeout, withOwner } from '../../data/owner/index.ts'
import { lockFor } from '../migrations/index.ts'
import { moveLockSql, roleAt } from '../roles/index.ts'
import { type TableCount, enterTenant, endSequences, setSequences } from '../transfer/index.ts'
import { openWriters, setFence } from './capture.ts'
import { assertUnchanged, catchUp, copyRest } from './catch-up.ts'
import { type Link, type MoveJob, captureOf } from './job.ts'
import { lookUpMove } from './state.ts'
import { restoreTriggers, silenceTriggers } from './target.ts'

/**
 * How long writes of the tenant wait for its open transactions before they are let go again: shortly at first, because
 * another tenant's statement may stand behind one of a context that was entered before the move was announced, and longer
 * where that is in vain.
 */
const SHORT_FENCE_WAIT = 100
const LONGEST_FENCE_WAIT = 800
/** How long they are then left in peace. */
const FENCE_PEACE = 500

/** The switch is short: who holds the row of the registry for longer has the move try again. */
const SWITCH_WAIT = 1_000

/** What the switch found, and what it cost. */
export interface Switched {
  readonly pauseMs: number
  readonly tables: readonly TableCount[]
}

/**
 * Switches the tenant to the target between two of its writes.
 *
 * @throws {MoveBusyError} FST_TENANCY_MOVE_BUSY — its transactions were never over within `timeouts.transaction`.
 */
export async function switchTenant (job: MoveJob, link: Link, lastCounts: readonly TableCount[]): Promise<Switched> {
  await job.home.announce()
  const deadline = performance.now() + job.config.timeouts.transaction
  return await withOwner(job.config, async (fence) => {
    let inTheWay: readonly string[] = []
    let cause: unknown
    for (let wait = SHORT_FENCE_WAIT; ;) {
      await silenceTriggers(link.to, job.target)
      await catchUp(job, link)
      const writers = await openWriters(fence, captureOf(job))
      const isFree = !inTheWay.some((writer) => writers.includes(writer))
      try {
        if (isFree) return await attempt(job, link, { sql: fence, wait }, lastCounts)
      } catch (error) {
        if (!isLockTimeout(error)) throw error
        cause = error
        inTheWay = await openWriters(fence, captureOf(job))
        wait = Math.min(LONGEST_FENCE_WAIT, wait * 2)
      }
      if (performance.now() > deadline) throw new MoveBusyError({ cause })
      await sleep(FENCE_PEACE)
    }
  }, job.source)
}

/** The transaction of `fence` holds the locks: that no write of the tenant, no number of its sequences, and no migration of its tables, is under way. */
async function attempt (job: MoveJob, link: Link, fence: { readonly sql: Sql, readonly wait: number }, lastCounts: readonly TableCount[]): Promise<Switched> {
  const { source, move, home } = job
  await home.note('switching')
  const asked = performance.now()
  const tables = await inTransaction(fence.sql, { lock: fence.wait }, async (tx) => {
    await tx.unsafe(`select pg_catalog.pg_advisory_xact_lock(${moveLockSql(quoteLiteral(move.number))})`)
    await lockShortly(tx, 'schema', source.schema)
    await assertUnchanged(job, link)
    const counts = await copyRest(job, link, lastCounts)
    await copyPositions(job, link, tx)
    await restoreTriggers(link.from, source, link.to, job.target)
    await closeAndSwitch(job, link, tx)
    return counts
  })
  return { pauseMs: performance.now() - asked, tables }
}

/** Whoever has the lock is waited for by letting the tenant's writes go on, so the server's own error is wanted. */
async function lockShortly (tx: TransactionSql, kind: 'tenant' | 'schema', name: string): Promise<void> {
  await lockFor(tx, kind, name).catch((error: unknown) => {
    throw error instanceof MigrationLockedError ? error.cause : error
  })
}

async function copyPositions ({ source, target, config }: MoveJob, { to }: Link, fence: TransactionSql): Promise<void> {
  const positions = await endSequences(fence, source, roleAt(config, source))
  await inTransaction(to, { lock: SWITCH_WAIT }, async (tx) => {
    await enterTenant(tx, target, config.extensionsSchema)
    await setSequences(tx, target, positions)
  })
}

/**
 * Closes the fence before the registry is switched: should this process die in between, writes are refused, and none is
 * made where nobody looks any more. When it is not known whether the switch took place, the fence stays closed.
 */
async function closeAndSwitch (job: MoveJob, link: Link, fence: TransactionSql): Promise<void> {
  const { config, home, move, source } = job
  try {
    await setFence(link.from, move.number, 'closed')
    // The locks were held all the time if they are held now: a lost connection would have let writes through that were not copied.
    await fence`select 1`
    job.onProgress({ step: 'switching' })
    await home.transact(async (tx) => {
      await lockShortly(tx, 'tenant', home.id.toLowerCase())
      await home.switch(tx, move)
    }, SWITCH_WAIT)
  } catch (error) {
    const found = await lookUpMove(config, home.id)
    if (found?.step !== 'switched') {
      await setFence(link.from, move.number, 'open')
      throw error
    }
  }
  await closePlace(job.config, source, link.from).catch(() => {})
  job.onProgress({ step: 'switched' })
}

/** Whoever still believes the registry's old answer reads nothing here, where the place was the tenant's alone. */
export async function closePlace (config: TenancyConfig, tenant: Tenant, sql: Sql): Promise<void> {
  if (!strategyOf(tenant.isolation).hasOwnSchema) return
  await sql.unsafe(`revoke usage on schema ${quoteIdentifier(tenant.schema)} from ${quoteIdentifier(roleAt(config, tenant))}`)
}
