import { QueueFullError, QueueTimeoutError } from '../../words/errors/index.ts'
import type { SettingsFrame } from '../wire/index.ts'
import { FairQueue } from './fair-queue.ts'
import type { LaneQuery } from './lane-query.ts'
import { type Share, Tally } from './tally.ts'

/** A statement that wants to run. */
export interface Waiter {
  readonly frame: SettingsFrame
  readonly query: LaneQuery
  readonly isAlone: boolean
  /** Whether the package asks for itself. */
  readonly isOurs: boolean
}

interface TurnsOptions {
  readonly max: number
  readonly perTenant: number
  readonly waiting: number
  readonly timeouts: { readonly acquire: number }
}

/** A statement that runs now, and what counts it. */
export interface Turn {
  readonly waiter: Waiter
  readonly share: Share
}

/** How many statements run at once for each connection: enough to fill it, and few enough that turns are fair. */
const RUNNING_PER_CONNECTION = 8
const SWEEP_MS = 100

/** Who runs now and who waits: a bounded number of statements at once, of one tenant no more than its share, then by turns. */
export class Turns {
  readonly #options: TurnsOptions
  readonly #runningOf = new Tally()
  readonly #queue = new FairQueue<Waiter & { readonly since: number }>()
  readonly #sweep: NodeJS.Timeout
  #running = 0

  constructor (options: TurnsOptions) {
    this.#options = options
    this.#sweep = setInterval(() => this.#refuseLate(), Math.max(10, Math.min(SWEEP_MS, options.timeouts.acquire / 4))).unref()
  }

  get running (): number {
    return this.#running
  }

  get waiting (): number {
    return this.#queue.length
  }

  /** Returns what counts a statement that may run at once; else it waits. */
  take (waiter: Waiter): Share | undefined {
    const { tenantId } = waiter.frame
    // Others that wait are at their share, or they would run. What is asked for nobody's sake, such as types, those that run
    // wait for: behind them it would wait until they are refused.
    if ((waiter.isOurs && tenantId === '') || (!this.#hasWaiting(tenantId) && this.#hasRoom(tenantId))) return this.#count(tenantId)
    this.#wait(waiter)
    return undefined
  }

  /** Says that a statement has run, and returns whose turn it is. */
  next (share: Share): Turn | undefined {
    this.#running--
    share.remove()
    const next = this.#queue.length === 0 ? undefined : this.#queue.shift((key) => this.#hasRoom(key))
    return next === undefined ? undefined : { waiter: next.waiter, share: this.#count(next.key) }
  }

  /** Takes out a query that waits. False if it does not. */
  remove (query: LaneQuery): boolean {
    const waiter = this.#queue.find((candidate) => candidate.query === query)
    if (waiter !== undefined) this.#queue.remove(waiter.frame.tenantId, waiter)
    return waiter !== undefined
  }

  /** Refuses whoever waits. */
  close (reason: () => Error): void {
    clearInterval(this.#sweep)
    for (const { query } of this.#queue.takeWhile(() => true)) query.reject(reason())
  }

  #hasWaiting (tenantId: string): boolean {
    return this.#queue.length > 0 && this.#queue.has(tenantId)
  }

  /** One tenant's statements must leave something for the others. */
  #hasRoom (tenantId: string): boolean {
    const { max, perTenant } = this.#options
    const share = perTenant * RUNNING_PER_CONNECTION
    return this.#running < max * RUNNING_PER_CONNECTION && (this.#running < share || this.#runningOf.of(tenantId) < share)
  }

  #count (tenantId: string): Share {
    this.#running++
    return this.#runningOf.add(tenantId)
  }

  #wait (waiter: Waiter): void {
    const { tenantId } = waiter.frame
    if (this.#queue.length >= this.#options.waiting) {
      const crowd = this.#queue.makeRoomFor(tenantId)
      if (crowd === undefined) return waiter.query.reject(new QueueFullError())
      crowd.query.reject(new QueueFullError())
    }
    this.#queue.push(tenantId, { ...waiter, since: performance.now() })
  }

  /** Nobody waits for ever. */
  #refuseLate (): void {
    const latest = performance.now() - this.#options.timeouts.acquire
    for (const { query } of this.#queue.takeWhile(({ since }) => since < latest)) query.reject(new QueueTimeoutError())
  }
}
