import { runOutsideContext } from '../../settings/context/index.ts'
import { ClosedError, ConnectionLostError, QueueFullError } from '../../words/errors/index.ts'
import { type Driver, type ErrorFields, type SettingsDialect, type SettingsFrame, type TransactionOpening, transactionOpening } from '../wire/index.ts'
import { CANCELLED, cancelled } from './cancelled.ts'
import type { Connection } from './connection.ts'
import type { LaneQuery } from './lane-query.ts'
import { Emptiness } from './emptiness.ts'
import { LanePool } from './lane-pool.ts'
import { Lane } from './lane.ts'
import { Multiplexer } from './multiplexer.ts'
import type { LaneTask } from './lane-task.ts'
import type { LaneStats, LanesOptions } from './lanes-options.ts'
import { openConnection } from './open-connection.ts'
import { Router } from './router.ts'
import type { Seat } from './seat.ts'
import { Session } from './session.ts'
import { type TenantsAlone, tenantsAlone } from './tenants-alone.ts'
import { TypeLookup } from './type-lookup.ts'
import { type Turn, Turns, type Waiter } from './turns.ts'

/**
 * The lanes of one database: statements of all tenants on a bounded number of connections, with a bounded number of them
 * under way, and turns by tenant for those that wait.
 */
export class Lanes {
  readonly #driver: Driver
  readonly #options: LanesOptions
  readonly #multiplexer: Multiplexer
  readonly #router: Router
  readonly #pool = new LanePool((isOurs) => this.#openLane(isOurs))
  readonly #turns: Turns
  readonly #opening: TransactionOpening
  #sessions: readonly Session[] = []
  #greeting: Buffer = Buffer.alloc(0)
  #isClosed = false
  #uses = 0
  readonly #emptiness = new Emptiness(() => this.#turns.running === 0 && this.#sessions.length === 0)

  constructor (driver: Driver, dialect: SettingsDialect, options: LanesOptions) {
    this.#driver = driver
    this.#options = options
    this.#multiplexer = new Multiplexer({ ...options, open: () => runOutsideContext(() => openConnection(driver, dialect, options)) })
    this.#router = new Router({
      multiplexer: this.#multiplexer,
      isNaming: dialect.isNaming,
      hasOthers: options.max > 1,
      types: new TypeLookup(driver.arrayTypes, options.askForTypes)
    })
    this.#turns = new Turns(options)
    this.#opening = transactionOpening(options.isPooled ? options.timeouts : undefined)
  }

  get stats (): LaneStats {
    return {
      connections: this.#multiplexer.stats,
      held: this.#turns.running + this.#sessions.length,
      waiting: this.#turns.waiting + this.#multiplexer.waiting,
      idle: this.#pool.idle,
      ...this.#router.statements.size
    }
  }

  /** How many statements and sessions were asked for. */
  get uses (): number {
    return this.#uses
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
  run (waiter: Waiter): void {
    this.#uses++
    if (this.#isClosed) return waiter.query.reject(new ClosedError())
    const share = cancelled.has(waiter.query) ? undefined : this.#turns.take(waiter)
    if (share !== undefined) this.#start({ waiter, share })
  }

  /** Returns a connection that is the caller's alone until it releases the session. */
  openSession (frame: SettingsFrame, mayControl: boolean): Promise<Session> {
    this.#uses++
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
   * Cancels a query. One that is not sent yet is rejected at once; one on its way is cancelled on the server if nothing
   * else is on its connection, which is thrown away afterwards: the request names a connection, not a statement (D-14).
   */
  cancel (query: LaneQuery): void {
    if (this.cancelIfKnown(query)) return
    cancelled.add(query)
    query.reject(this.#errorOf(CANCELLED))
  }

  /** The same for a query that is here; false if it is not. */
  cancelIfKnown (query: LaneQuery): boolean {
    const lane = this.#pool.find(query)
    if (lane === undefined) {
      if (!this.#turns.remove(query)) return false
      query.reject(this.#errorOf(CANCELLED))
    } else if (lane.cycle === undefined) {
      cancelled.add(query)
      lane.discard(this.#errorOf(CANCELLED))
    } else {
      const key = this.#multiplexer.sealFor(lane.cycle)
      if (key !== undefined) this.#driver.cancel(key).catch(() => {})
    }
    return true
  }

  /** What tenants have a connection alone for. */
  get alone (): TenantsAlone { return tenantsAlone(this.#sessions, this.#pool.alone) }

  /** Serves nobody any more, waits until `graceMs` have passed for what is under way, and closes every connection. */
  async close (graceMs: number): Promise<void> {
    // What was executed before, in the same turn, is sent first.
    await Promise.resolve()
    this.#isClosed = true
    this.#turns.close(() => new ClosedError())
    await this.#emptiness.wait(graceMs)
    for (const session of this.#sessions) session.discard(new ClosedError())
    this.#multiplexer.close()
    this.#pool.close()
  }

  #session (connection: Connection, frame: SettingsFrame, mayControl: boolean): Session {
    const seat: Seat = { connection, takeOpening: () => session.takeOpening() }
    const session: Session = new Session({
      connection,
      frame,
      mayControl,
      opening: this.#opening,
      errorOf: (fields) => this.#errorOf(fields),
      takeLane: () => {
        const lane = this.#pool.take(false)
        lane.seat = seat
        return lane
      },
      giveLaneBack: (lane) => {
        lane.seat = undefined
        this.#pool.putBack(lane)
      },
      isCancelled: (query) => cancelled.has(query),
      leave: (isDoubted) => {
        this.#sessions = this.#sessions.filter((other) => other !== session)
        this.#multiplexer.release(connection, isDoubted)
        this.#emptiness.notice()
      }
    })
    this.#sessions = [...this.#sessions, session]
    return session
  }

  #start ({ waiter: { frame, query, isAlone, isOurs }, share }: Turn): void {
    this.#multiplexer.writes.expect()
    this.#pool.take(isOurs).run({ query, frame, share, isAlone, mayControl: false, done: this.#done })
  }

  /** One for all tasks, because a function for each is one more thing that a statement makes. */
  readonly #done = (lane: Lane, { share }: LaneTask): void => {
    this.#router.leaveAlone(lane, !lane.isUsable)
    this.#pool.putBack(lane)
    const next = share === undefined ? undefined : this.#turns.next(share)
    if (next !== undefined) this.#start(next)
    this.#emptiness.notice()
  }

  #openLane (isOurs: boolean): Lane {
    // Outside of every tenant: what a client of the driver calls later runs in the context that it was made in.
    return runOutsideContext(() => new Lane(this.#router, this.#greeting, isOurs, (socket) => this.#driver.openLane(socket, isOurs)))
  }

  #errorOf (fields: ErrorFields): Error {
    return Reflect.construct(this.#driver.builder.PostgresError, [fields])
  }
}
