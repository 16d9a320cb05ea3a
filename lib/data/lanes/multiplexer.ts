import { ClosedError, DatabaseUnreachableError } from '../../words/errors.ts'
import { IDLE, type OpenSocket } from '../wire/index.ts'
import { type AloneCaller, AloneConnections } from './alone-connections.ts'
import { cleanSession } from './clean.ts'
import { Connection, type ConnectionEvents } from './connection.ts'
import type { Cycle } from './cycle.ts'
import { Homes } from './homes.ts'

/** How connections are opened, and how many. */
export interface MultiplexerOptions {
  /** Opens a socket that is logged in, outside of every tenant context. */
  readonly open: () => Promise<OpenSocket>
  readonly max: number
  /** The most connections that one tenant may have alone at the same time. */
  readonly perTenant: number
  readonly timeouts: { readonly acquire: number, readonly statement: number, readonly transaction: number }
}

/** What connections are doing. */
export interface ConnectionStats {
  readonly shared: number
  readonly alone: number
  readonly opening: number
  readonly opened: number
  readonly discarded: number
}

/** How many cycles a connection has before another one is tried, and how many at the most. */
const FEW = 8
const MANY = 16
/** A cycle that takes longer than this is slow: nothing more is queued behind it while there is another way. */
const SLOW_MS = 3
/** A backend keeps memory for every schema that it has seen, so none lives for ever. */
const MAX_LIFETIME_MS = 30 * 60_000
/** After this long without work a connection is cleaned of what functions may have left in its session. */
const QUIET_MS = 1_000

/**
 * The connections of one database. Those that are shared take whole cycles of any lane and any tenant; a lane that needs
 * one alone gets one that is idle, and it is cleaned before it is shared again.
 */
export class Multiplexer implements ConnectionEvents {
  readonly #options: MultiplexerOptions
  #shared: Connection[] = []
  /** Connections that no lane may add to, because one waits to have them alone. */
  readonly #draining = new Set<Connection>()
  readonly #alone: AloneConnections
  readonly #homes = new Homes()
  #waiting: Cycle[] = []
  readonly #dirty = new Set<Connection>()
  #opening = 0
  #opened = 0
  #discarded = 0
  #expected = 0
  #isFlushDue = false
  #isClosed = false
  readonly #sweep: NodeJS.Timeout

  constructor (options: MultiplexerOptions) {
    this.#options = options
    this.#alone = new AloneConnections(options)
    this.#sweep = setInterval(() => this.#lookAround(), Math.max(20, Math.min(250, options.timeouts.statement / 4))).unref()
  }

  /** Callers that wait for a connection alone, and cycles that no connection has room for. */
  get waiting (): number {
    return this.#alone.waiting + this.#waiting.length
  }

  get stats (): ConnectionStats {
    return { shared: this.#shared.length, alone: this.#alone.size, opening: this.#opening, opened: this.#opened, discarded: this.#discarded }
  }

  /** Opens the first connection. */
  async start (): Promise<OpenSocket> {
    const socket = await this.#options.open()
    this.#adopt(socket)
    return socket
  }

  /** Says that a statement is about to be sent: what is added before it arrives is written together with it. */
  expect (): void {
    this.#expected++
  }

  /** Says that what was expected is there. */
  arrived (): void {
    if (this.#expected > 0 && --this.#expected === 0) this.#flush()
  }

  /** Sends a cycle on a connection that lanes share. */
  send (cycle: Cycle): void {
    if (this.#isClosed) return cycle.owner.lost(new ClosedError())
    const connection = this.#waiting.length === 0 ? this.#pick(cycle) : undefined
    if (connection === undefined) {
      this.#waiting.push(cycle)
      this.#grow()
    } else {
      this.#add(connection, cycle)
    }
  }

  /**
   * Gives the caller a connection that is nobody else's until it is released. Waiting tenants are served in turn.
   */
  takeAlone (key: string, caller: AloneCaller): void {
    if (this.#isClosed) return caller.refuse(new ClosedError())
    this.#alone.wait(key, caller)
    this.#serveAlone()
  }

  /** Takes a connection back. It is cleaned and shared again, or thrown away if anything is in doubt. */
  release (connection: Connection, isDoubted: boolean): void {
    if (this.#alone.leave(connection) === undefined) return
    if (isDoubted || connection.isSealed || connection.status !== IDLE || connection.depth > 0 || !connection.isUsable) {
      connection.fail(new Error('the connection was in doubt'))
    } else {
      cleanSession(connection)
      this.#shared.push(connection)
    }
    this.#pump()
  }

  /**
   * Seals the connection that has this cycle and no other one, so that a cancel can hit nothing else, and returns its
   * key. Undefined where others are queued behind it, or it is not on its way.
   */
  sealFor (cycle: Cycle): OpenSocket['key'] | undefined {
    const connection = [...this.#shared, ...this.#draining, ...this.#alone.connections()].find(({ head, depth }) => head === cycle && depth === 1)
    if (connection !== undefined) connection.isSealed = true
    return connection?.key
  }

  /** Ends every connection: those that are idle politely, the others at once. */
  close (): void {
    this.#isClosed = true
    clearInterval(this.#sweep)
    this.#alone.refuseAll(() => new ClosedError())
    for (const cycle of this.#waiting.splice(0)) cycle.owner.lost(new ClosedError())
    for (const connection of [...this.#shared, ...this.#draining, ...this.#alone.connections()]) {
      if (connection.depth === 0) connection.close()
      else connection.fail(new ClosedError())
    }
  }

  answered (connection: Connection): void {
    if (connection.depth === 0 && this.#isOld(connection) && this.#shared.includes(connection)) connection.close()
    this.#pump()
  }

  ended (connection: Connection, unsent: readonly Cycle[]): void {
    const holder = this.#alone.leave(connection)
    this.#shared = this.#shared.filter((other) => other !== connection)
    this.#draining.delete(connection)
    this.#dirty.delete(connection)
    this.#homes.leave(connection)
    this.#discarded++
    holder?.onLost(new Error('the connection was lost'))
    for (const cycle of unsent) {
      if (cycle.isShared && !this.#isClosed) this.#waiting.push(cycle)
      else cycle.owner.lost(new Error('the connection was lost'))
    }
    // One turn later: the callers of the lost cycles have to be told first.
    if (!this.#isClosed) setImmediate(() => this.#pump())
  }

  outdated (connection: Connection, cycle: Cycle): void {
    cycle.isRetried = true
    if (cycle.isShared) return this.send(cycle)
    connection.add(cycle)
    connection.flush()
  }

  #add (connection: Connection, cycle: Cycle): void {
    connection.add(cycle)
    this.#dirty.add(connection)
    if (this.#isFlushDue) return
    this.#isFlushDue = true
    setImmediate(() => {
      this.#isFlushDue = false
      // Whatever has not come by now does not come in this turn.
      this.#expected = 0
      this.#flush()
    })
  }

  #flush (): void {
    for (const connection of this.#dirty) connection.flush()
    this.#dirty.clear()
  }

  /**
   * The first connection that has little to do and is not stuck: few connections with full queues cost fewer writes than
   * many with one cycle each. A schema stays with its connection, which has its statements prepared.
   */
  #pick (cycle: Cycle): Connection | undefined {
    const now = performance.now()
    const shape = cycle.frame?.shape ?? ''
    const home = this.#homes.get(shape)
    if (home !== undefined && this.#isFree(home, now)) return home
    const connection = this.#shared.find((candidate) => this.#isFree(candidate, now))
    if (connection !== undefined) {
      this.#homes.settle(shape, connection)
      return connection
    }
    this.#grow()
    return leastDeep(this.#shared.filter((candidate) => candidate.depth < MANY && !this.#isOld(candidate)))
  }

  #isFree (connection: Connection, now: number): boolean {
    if (connection.depth === 0) return connection.isUsable && !this.#draining.has(connection) && !this.#alone.has(connection) && !this.#isOld(connection)
    return connection.depth < FEW && now - connection.headSince < SLOW_MS && !this.#isOld(connection) && !this.#draining.has(connection) && !this.#alone.has(connection)
  }

  #isOld (connection: Connection): boolean {
    return connection.isSealed || connection.isWorn || performance.now() - connection.openedAt > MAX_LIFETIME_MS
  }

  #pump (): void {
    while (this.#waiting.length > 0) {
      const [cycle] = this.#waiting
      const connection = cycle === undefined ? undefined : this.#pick(cycle)
      if (cycle === undefined || connection === undefined) break
      this.#waiting.shift()
      this.#add(connection, cycle)
    }
    if (this.#waiting.length > 0) this.#grow()
    this.#serveAlone()
    if (this.#expected === 0) this.#flush()
  }

  get #total (): number {
    return this.#shared.length + this.#draining.size + this.#alone.size + this.#opening
  }

  #grow (): void {
    if (this.#isClosed || this.#total >= this.#options.max || this.#opening > 1) return
    this.#opening++
    this.#options.open().then((socket) => {
      this.#opening--
      this.#adopt(socket)
      this.#pump()
    }, (cause: unknown) => {
      this.#opening--
      this.#unreachable(cause)
    })
  }

  #adopt (socket: OpenSocket): void {
    const connection = new Connection(socket, this)
    this.#opened++
    if (this.#isClosed) connection.close()
    else this.#shared.push(connection)
  }

  /** Without any connection nobody is served by waiting. */
  #unreachable (cause: unknown): void {
    if (this.#total > 0) return
    for (const cycle of this.#waiting.splice(0)) cycle.owner.lost(new DatabaseUnreachableError({ cause }))
    this.#alone.refuseAll(() => new DatabaseUnreachableError({ cause }))
  }

  #serveAlone (): void {
    while (this.#alone.waiting > 0 && this.#alone.size < this.#alone.max) {
      const connection = this.#idleConnection()
      if (connection === undefined) return this.#makeIdle()
      this.#shared = this.#shared.filter((other) => other !== connection)
      this.#draining.delete(connection)
      // What sharers left behind is not for whoever has it alone.
      if (connection.isUsed) cleanSession(connection)
      if (!this.#alone.serve(connection)) {
        this.#shared.push(connection)
        return this.#giveBackDraining()
      }
    }
    if (this.#alone.waiting === 0) this.#giveBackDraining()
  }

  #idleConnection (): Connection | undefined {
    for (const connection of this.#draining) if (connection.depth === 0) return connection
    return this.#shared.findLast((connection) => connection.depth === 0 && !this.#isOld(connection))
  }

  /** Opens one more connection, or lets one run empty. */
  #makeIdle (): void {
    if (this.#total < this.#options.max) return this.#grow()
    if (this.#draining.size + this.#alone.size >= this.#alone.max || this.#draining.size >= this.#alone.waiting) return
    const connection = leastDeep(this.#shared)
    if (connection === undefined) return
    this.#shared = this.#shared.filter((other) => other !== connection)
    this.#draining.add(connection)
  }

  #giveBackDraining (): void {
    this.#shared.push(...this.#draining)
    this.#draining.clear()
  }

  /** Deadlines, and connections that have been quiet for a while. */
  #lookAround (): void {
    const now = performance.now()
    const { statement, transaction } = this.#options.timeouts
    for (const connection of [...this.#shared, ...this.#draining]) {
      connection.checkDeadline(now, statement + 1_000)
      if (connection.depth > 0 || !connection.isUsable) continue
      if (this.#isOld(connection)) connection.close()
      else if (connection.isUsed && now - connection.headSince > QUIET_MS) cleanSession(connection)
    }
    for (const connection of this.#alone.connections()) {
      connection.checkDeadline(now, connection.head?.isLong === true ? Math.max(transaction, statement) : statement + 1_000)
    }
  }
}

function leastDeep (connections: readonly Connection[]): Connection | undefined {
  return connections.reduce<Connection | undefined>((best, connection) => best === undefined || connection.depth < best.depth ? connection : best, undefined)
}
