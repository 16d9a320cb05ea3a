import { runOutsideContext } from '../../settings/context/index.ts'
import { ClosedError, ConnectionLostError, QueueFullError } from '../../words/errors.ts'
import type { Driver, ErrorFields, SettingsDialect, SettingsFrame } from '../wire/index.ts'
import type { Connection } from './connection.ts'
import type { LaneQuery } from './lane-query.ts'
import { Lane } from './lane.ts'
import { Multiplexer } from './multiplexer.ts'
import type { ConnectionStats } from './multiplexer-options.ts'
import { openConnection } from './open-connection.ts'
import { Router } from './router.ts'
import { Session } from './session.ts'
import { Turns, type Waiter } from './turns.ts'

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

/** What PostgreSQL says to somebody whose statement was cancelled. */
const CANCELLED = { severity: 'ERROR', code: '57014', message: 'canceling statement due to user request' }

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
  readonly #turns: Turns
  readonly #sessions = new Set<Session>()
  readonly #lanesOf = new WeakMap<LaneQuery, Lane>()
  #greeting: Buffer = Buffer.alloc(0)
  #isClosed = false
  #onEmpty: (() => void) | undefined

  constructor (driver: Driver, dialect: SettingsDialect, options: LanesOptions) {
    this.#driver = driver
    this.#options = options
    this.#multiplexer = new Multiplexer({ ...options, open: () => runOutsideContext(() => openConnection(driver, dialect, options)) })
    this.#router = new Router({ multiplexer: this.#multiplexer, isNaming: dialect.isNaming })
    this.#turns = new Turns(options)
  }

  get stats (): LaneStats {
    return {
      connections: this.#multiplexer.stats,
      held: this.#turns.running + this.#sessions.size,
      waiting: this.#turns.waiting + this.#multiplexer.waiting,
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
    if (this.#turns.mayRun({ frame, query, isAlone })) this.#start({ frame, query, isAlone })
  }

  /** Returns a connection that is the caller's alone until it releases the session. */
  openSession (frame: SettingsFrame, mayControl: boolean): Promise<Session> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(new ClosedError())
      if (this.#multiplexer.waiting >= this.#options.waiting) return reject(new QueueFullError())
      let session: Session | undefined
      this.#multiplexer.takeAlone(frame.tenantId, {
        give: (connection) => {
          session = this.#session(connection, frame, mayControl)
          resolve(session)
        },
        refuse: reject,
        onLost: (cause) => session?.lost(new ConnectionLostError({ cause }))
      })
    })
  }

  /**
   * Cancels a query. One that waits is rejected at once; one on its way is cancelled on the server if nothing else is on
   * its connection, which is thrown away afterwards: the request names a connection, not a statement (D-14).
   */
  cancel (query: LaneQuery): void {
    if (this.#turns.remove(query)) return query.reject(this.#errorOf(CANCELLED))
    const lane = this.#lanesOf.get(query)
    const key = lane?.cycle === undefined ? undefined : this.#multiplexer.sealFor(lane.cycle)
    if (key !== undefined) this.#driver.cancel(key).catch(() => {})
  }

  /** Serves nobody any more, waits until `graceMs` have passed for what is under way, and closes every connection. */
  async close (graceMs: number): Promise<void> {
    this.#isClosed = true
    this.#turns.close(() => new ClosedError())
    await this.#untilEmpty(graceMs)
    for (const session of this.#sessions) session.discard(new ClosedError())
    this.#multiplexer.close()
    for (const lane of this.#idle.splice(0)) lane.discard(new ClosedError())
  }

  #session (connection: Connection, frame: SettingsFrame, mayControl: boolean): Session {
    const session: Session = new Session({
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
        this.#sessions.delete(session)
        this.#multiplexer.release(connection, isDoubted)
        this.#noticeEmpty()
      }
    })
    this.#sessions.add(session)
    return session
  }

  #start ({ frame, query, isAlone }: Waiter): void {
    const lane = this.#takeLane()
    this.#multiplexer.writes.expect()
    this.#lanesOf.set(query, lane)
    query.judgeErrors((error) => lane.judge(error))
    lane.run({ frame, isAlone, mayControl: false, done: () => this.#done(lane, frame.tenantId) }, query)
  }

  #done (lane: Lane, key: string): void {
    this.#router.leaveAlone(lane, !lane.isUsable)
    this.#putBack(lane)
    const next = this.#turns.next(key)
    if (next !== undefined) this.#start(next)
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

  #errorOf (fields: ErrorFields): Error {
    return Reflect.construct(this.#driver.builder.PostgresError, [fields])
  }

  #noticeEmpty (): void {
    if (this.#turns.running === 0 && this.#sessions.size === 0) this.#onEmpty?.()
  }

  #untilEmpty (graceMs: number): Promise<void> {
    if (this.#turns.running === 0 && this.#sessions.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, graceMs)
      this.#onEmpty = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
