import { ClosedError, QueueFullError, QueueTimeoutError } from '../../words/errors.ts'
import type { Driver } from '../wire/index.ts'
import { FairQueue } from './fair-queue.ts'
import { Lane } from './lane.ts'

/** What the lanes of one database are doing. */
export interface LaneStats {
  /** Lanes with a caller. */
  readonly held: number
  /** Lanes without one. */
  readonly idle: number
  /** Callers that wait for a lane. */
  readonly waiting: number
  /** Lanes opened since the start. */
  readonly opened: number
  /** Lanes thrown away since the start. */
  readonly discarded: number
}

export interface LanesOptions {
  readonly max: number
  /** The most lanes that one tenant may hold at the same time. */
  readonly perTenant: number
  readonly waiting: number
  readonly timeouts: { readonly connect: number, readonly acquire: number, readonly statement: number }
}

interface Waiter {
  readonly give: (lane: Lane) => void
  readonly refuse: (error: Error) => void
}

/** A backend keeps memory for every schema that it has seen, so none lives for ever. */
const MAX_LIFETIME_MS = 30 * 60_000

/** The lanes of one database: a bounded number of them, handed out fairly between tenants, each to one caller at a time. */
export class Lanes {
  readonly #driver: Driver
  readonly #options: LanesOptions
  readonly #idle: Lane[] = []
  readonly #held = new Map<Lane, string>()
  readonly #heldBy = new Map<string, number>()
  readonly #cleaning = new Set<Lane>()
  readonly #queue = new FairQueue<Waiter>()
  #opened = 0
  #discarded = 0
  #isClosed = false
  #onEmpty: (() => void) | undefined

  constructor (driver: Driver, options: LanesOptions) {
    this.#driver = driver
    this.#options = options
  }

  get stats (): LaneStats {
    return { held: this.#held.size, idle: this.#idle.length + this.#cleaning.size, waiting: this.#queue.length, opened: this.#opened, discarded: this.#discarded }
  }

  /**
   * Calls `use` with a lane that nobody else has until `use` settles. `key` is the tenant: waiting tenants are served in
   * turn. `use` has to leave the lane without a transaction, or discard it.
   *
   * @throws {QueueFullError} FST_TENANCY_SQL_QUEUE_FULL — too many callers wait already.
   * @throws {QueueTimeoutError} FST_TENANCY_SQL_QUEUE_TIMEOUT — no lane became free in time.
   * @throws {ClosedError} FST_TENANCY_CLOSED
   */
  async withLane<T> (key: string, use: (lane: Lane) => Promise<T>): Promise<T> {
    const lane = await this.#acquire(key)
    try {
      return await use(lane)
    } finally {
      this.#release(lane)
    }
  }

  /** Serves nobody any more, waits for the callers that hold a lane until `graceMs` have passed, and closes every connection. */
  async close (graceMs: number): Promise<void> {
    this.#isClosed = true
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) next.waiter.refuse(new ClosedError())
    const idle = this.#idle.splice(0)
    await Promise.all([...idle.map((lane) => lane.close()), this.#untilEmpty(graceMs)])
    for (const lane of [...this.#held.keys(), ...this.#cleaning]) lane.discard()
  }

  async #acquire (key: string): Promise<Lane> {
    if (this.#isClosed) throw new ClosedError()
    const lane = this.#mayHoldMore(key) ? this.#takeIdle() ?? this.#open() : undefined
    if (lane === undefined) return await this.#wait(key)
    this.#hold(lane, key)
    return lane
  }

  /** One tenant's slow statements must leave something for the others. */
  #mayHoldMore (key: string): boolean {
    return (this.#heldBy.get(key) ?? 0) < this.#options.perTenant
  }

  #hold (lane: Lane, key: string): void {
    this.#held.set(lane, key)
    this.#heldBy.set(key, (this.#heldBy.get(key) ?? 0) + 1)
  }

  #letGo (lane: Lane): void {
    const key = this.#held.get(lane) ?? ''
    const count = (this.#heldBy.get(key) ?? 1) - 1
    this.#held.delete(lane)
    if (count > 0) this.#heldBy.set(key, count)
    else this.#heldBy.delete(key)
  }

  #takeIdle (): Lane | undefined {
    for (let lane = this.#idle.pop(); lane !== undefined; lane = this.#idle.pop()) {
      if (lane.isUsable) return lane
      this.#discarded++
    }
    return undefined
  }

  #open (): Lane | undefined {
    if (this.#held.size + this.#cleaning.size + this.#idle.length >= this.#options.max) return undefined
    this.#opened++
    return new Lane(this.#driver, this.#options.timeouts)
  }

  #wait (key: string): Promise<Lane> {
    if (this.#queue.length >= this.#options.waiting) {
      const crowd = this.#queue.makeRoomFor(key)
      if (crowd === undefined) throw new QueueFullError()
      crowd.refuse(new QueueFullError())
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#queue.remove(key, waiter)
        reject(new QueueTimeoutError())
      }, this.#options.timeouts.acquire)
      const waiter: Waiter = {
        give: (lane) => {
          clearTimeout(timer)
          resolve(lane)
        },
        refuse: (error) => {
          clearTimeout(timer)
          reject(error)
        }
      }
      this.#queue.push(key, waiter)
    })
  }

  /** The caller has its answer by now: cleaning costs it nothing. */
  #release (lane: Lane): void {
    this.#letGo(lane)
    if (this.#held.size === 0) this.#onEmpty?.()
    if (lane.isUsable && (this.#isClosed || Date.now() - lane.openedAt > MAX_LIFETIME_MS)) lane.close().catch(() => {})
    if (!lane.isUsable) return this.#drop()
    this.#cleaning.add(lane)
    if (this.#idle.length > 0) this.#serveNext()
    lane.clean().finally(() => {
      this.#cleaning.delete(lane)
      if (this.#isClosed) lane.close().catch(() => {})
      if (!lane.isUsable) return this.#drop()
      this.#idle.push(lane)
      this.#serveNext()
    })
  }

  #drop (): void {
    this.#discarded++
    this.#serveNext()
  }

  #serveNext (): void {
    if (this.#queue.length === 0) return
    const lane = this.#takeIdle() ?? this.#open()
    const next = lane === undefined ? undefined : this.#queue.shift((key) => this.#mayHoldMore(key))
    if (lane === undefined) return
    if (next === undefined) {
      this.#idle.push(lane)
      return
    }
    this.#hold(lane, next.key)
    next.waiter.give(lane)
    // A tenant at its bound may have kept others waiting for a lane that is free.
    if (this.#idle.length > 0) this.#serveNext()
  }

  #untilEmpty (graceMs: number): Promise<void> {
    if (this.#held.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, graceMs)
      this.#onEmpty = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
