import { runOutsideContext } from '../../settings/context/index.ts'
import { ClosedError, QueueFullError, QueueTimeoutError } from '../../words/errors.ts'
import type { Driver, ErrorFields, SettingsDialect, SettingsFrame } from '../wire/index.ts'
import { FairQueue } from './fair-queue.ts'
import type { LaneQuery } from './lane-query.ts'
import { Lane } from './lane.ts'
import { type ConnectionStats, Multiplexer } from './multiplexer.ts'
import { openConnection } from './open-connection.ts'
import { Router } from './router.ts'
import { Session } from './session.ts'

/** What the connections and lanes of one database are doing. */
export interface LaneStats {
  readonly connections: ConnectionStats
  /** Statements on their way, transactions and reservations. */
  readonly held: number
  /** Statements that wait for their turn, and callers that wait for a connection alone. */
  readonly waiting: number
  /** Driver clients without a statement. */
  readonly idle: number
  /** SQL texts that are remembered, and what they mean in how many schemas. */
  readonly texts: number
  readonly statements: number
}

export interface LanesOptions {
  readonly max: number
  /** The most connections that one tenant may have alone, and its share of the statements that run at once. */
  readonly perTenant: number
  readonly waiting: number
  /** Whether a pooler stands in between, which takes no start-up parameters. */
  readonly isPooled: boolean
  readonly timeouts: { readonly connect: number, readonly acquire: number, readonly statement: number, readonly transaction: number }
}

interface Waiter {
  readonly frame: SettingsFrame
  readonly query: LaneQuery
  readonly isAlone: boolean
  readonly since: number
}

/** What PostgreSQL says to somebody whose statement was cancelled. */
const CANCELLED = { severity: 'ERROR', code: '57014', message: 'canceling statement due to user request' }

/** How many statements run at once for each connection: enough to fill it, and few enough that turns are fair. */
const RUNNING_PER_CONNECTION = 8
const SWEEP_MS = 100

/**
 * The lanes of one database: statements of all tenants on a bounded number of connections, with a bounded number of them
 * under way, and turns by tenant for those that wait.
 */
export class Lanes {
  readonly #driver: Driver
  readonly #options: LanesOptions
  readonly #multiplexer: Multiplexer
  readonly #router: Router
  readonly #idle: Lane[] = []
  readonly #runningOf = new Map<string, { count: number }>()
  readonly #queue = new FairQueue<Waiter>()
  readonly #sessions = new Set<Session>()
  readonly #sweep: NodeJS.Timeout
  readonly #lanesOf = new WeakMap<LaneQuery, Lane>()
  #running = 0
  #greeting: Buffer = Buffer.alloc(0)
  #isClosed = false
  #onEmpty: (() => void) | undefined

  constructor (driver: Driver, dialect: SettingsDialect, options: LanesOptions) {
    this.#driver = driver
    this.#options = options
    this.#multiplexer = new Multiplexer({ ...options, open: () => runOutsideContext(() => openConnection(driver, dialect, options)) })
    this.#router = new Router({ multiplexer: this.#multiplexer, isNaming: dialect.isNaming, learnTypes: () => undefined })
    this.#sweep = setInterval(() => this.#refuseLate(), Math.max(10, Math.min(SWEEP_MS, options.timeouts.acquire / 4))).unref()
  }

  get stats (): LaneStats {
    return {
      connections: this.#multiplexer.stats,
      held: this.#running + this.#sessions.size,
      waiting: this.#queue.length + this.#multiplexer.waiting,
      idle: this.#idle.length,
      ...this.#router.statements.size
    }
  }

  /** Opens the first connection. Nothing can be run before. */
  async start (): Promise<void> {
    const { greeting } = await this.#multiplexer.start()
    this.#greeting = greeting
  }

  /**
   * Runs one statement of a tenant as a transaction of its own. The query settles with the result, or with an error:
   *
   * {@link QueueFullError} FST_TENANCY_SQL_QUEUE_FULL, {@link QueueTimeoutError} FST_TENANCY_SQL_QUEUE_TIMEOUT,
   * {@link ClosedError} FST_TENANCY_CLOSED, and whatever the connection or the server say.
   */
  run (frame: SettingsFrame, query: LaneQuery, isAlone: boolean): void {
    if (this.#isClosed) return query.reject(new ClosedError())
    if (this.#queue.length === 0 && this.#mayRun(frame.tenantId)) return this.#start(frame, query, isAlone)
    this.#wait({ frame, query, isAlone, since: performance.now() })
  }

  /** Returns a connection that is the caller's alone until it releases the session. */
  openSession (frame: SettingsFrame, mayControl: boolean): Promise<Session> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(new ClosedError())
      if (this.#multiplexer.waiting >= this.#options.waiting) return reject(new QueueFullError())
      let session: Session | undefined
      this.#multiplexer.takeAlone(frame.tenantId, (connection) => {
        const own: Session = session = new Session({
          connection,
          frame,
          mayControl,
          errorOf: (fields) => this.#errorOf(fields),
          takeLane: () => {
            const lane = this.#takeLane()
            this.#router.join(lane, connection)
            return lane
          },
          giveLaneBack: (lane) => {
            this.#router.part(lane)
            this.#putBack(lane)
          },
          leave: (isDoubted) => {
            this.#sessions.delete(own)
            this.#multiplexer.release(connection, isDoubted)
            this.#noticeEmpty()
          }
        })
        this.#sessions.add(own)
        resolve(own)
      }, reject, (reason) => session?.lost(reason))
    })
  }

  /**
   * Cancels a query. One that waits is rejected at once; one on its way is cancelled on the server if nothing else is on
   * its connection, which is thrown away afterwards: the request names a connection, not a statement (D-14).
   */
  cancel (query: LaneQuery): void {
    const waiter = this.#queue.find((candidate) => candidate.query === query)
    if (waiter !== undefined) {
      this.#queue.remove(waiter.frame.tenantId, waiter)
      return query.reject(this.#errorOf(CANCELLED))
    }
    const lane = this.#lanesOf.get(query)
    const key = lane?.cycle === undefined ? undefined : this.#multiplexer.sealFor(lane.cycle)
    if (key !== undefined) this.#driver.cancel(key).catch(() => {})
  }

  /** Serves nobody any more, waits until `graceMs` have passed for what is under way, and closes every connection. */
  async close (graceMs: number): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#sweep)
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) next.waiter.query.reject(new ClosedError())
    await this.#untilEmpty(graceMs)
    for (const session of this.#sessions) session.discard(new ClosedError())
    this.#multiplexer.close()
    for (const lane of this.#idle.splice(0)) lane.discard(new ClosedError())
  }

  /** One tenant's statements must leave something for the others. */
  #mayRun (key: string): boolean {
    const { max, perTenant } = this.#options
    return this.#running < max * RUNNING_PER_CONNECTION && (this.#runningOf.get(key)?.count ?? 0) < perTenant * RUNNING_PER_CONNECTION
  }

  #start (frame: SettingsFrame, query: LaneQuery, isAlone: boolean): void {
    const lane = this.#takeLane()
    this.#count(frame.tenantId)
    this.#multiplexer.expect()
    this.#lanesOf.set(query, lane)
    query.judgeErrors((error) => lane.judge(error))
    lane.run({ frame, isAlone, mayControl: false, done: () => this.#done(lane, frame.tenantId) }, query)
  }

  #done (lane: Lane, key: string): void {
    this.#router.leaveAlone(lane, !lane.isUsable)
    this.#putBack(lane)
    this.#uncount(key)
    this.#serveNext()
    this.#noticeEmpty()
  }

  #takeLane (): Lane {
    // Outside of every tenant: what a client of the driver calls later runs in the context that it was made in.
    return this.#idle.pop() ?? runOutsideContext(() => new Lane(this.#router, this.#greeting, (socket) => this.#driver.openLane(socket)))
  }

  #putBack (lane: Lane): void {
    if (lane.isUsable && !this.#isClosed) this.#idle.push(lane)
    else lane.discard(new ClosedError())
  }

  #count (key: string): void {
    this.#running++
    const running = this.#runningOf.get(key)
    if (running === undefined) this.#runningOf.set(key, { count: 1 })
    else running.count++
  }

  #uncount (key: string): void {
    this.#running--
    const running = this.#runningOf.get(key)
    if (running !== undefined && --running.count === 0) this.#runningOf.delete(key)
  }

  #wait (waiter: Waiter): void {
    const key = waiter.frame.tenantId
    if (this.#queue.length >= this.#options.waiting) {
      const crowd = this.#queue.makeRoomFor(key)
      if (crowd === undefined) return waiter.query.reject(new QueueFullError())
      crowd.query.reject(new QueueFullError())
    }
    this.#queue.push(key, waiter)
  }

  #serveNext (): void {
    while (this.#queue.length > 0) {
      const next = this.#queue.shift((key) => this.#mayRun(key))
      if (next === undefined) return
      this.#start(next.waiter.frame, next.waiter.query, next.waiter.isAlone)
    }
  }

  /** Nobody waits for ever. */
  #refuseLate (): void {
    const latest = performance.now() - this.#options.timeouts.acquire
    for (const waiter of this.#queue.takeWhile(({ since }) => since < latest)) waiter.query.reject(new QueueTimeoutError())
  }

  #errorOf (fields: ErrorFields): Error {
    return Reflect.construct(this.#driver.builder.PostgresError, [fields])
  }

  #noticeEmpty (): void {
    if (this.#running === 0 && this.#sessions.size === 0) this.#onEmpty?.()
  }

  #untilEmpty (graceMs: number): Promise<void> {
    if (this.#running === 0 && this.#sessions.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, graceMs)
      this.#onEmpty = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
