import { ClosedError, DatabaseUnreachableError } from '../../words/errors/index.ts'
import type { OpenSocket } from '../wire/index.ts'
import { type AloneCaller, AloneConnections } from './alone-connections.ts'
import { cleanSession } from './clean.ts'
import type { ConnectionEvents } from './connection-events.ts'
import { Connection } from './connection.ts'
import type { Cycle } from './cycle.ts'
import { lookAround } from './look-around.ts'
import { Opening } from './opening.ts'
import type { ConnectionStats, MultiplexerOptions } from './multiplexer-options.ts'
import { sealFor } from './seal.ts'
import { SharedConnections, isOld } from './shared-connections.ts'
import { WaitingCycles } from './waiting-cycles.ts'
import { Writes } from './writes.ts'

/**
 * The connections of one database. Those that are shared take whole cycles of any lane and any tenant; a lane that needs
 * one alone gets one that is idle, and it is cleaned before it is shared again.
 */
export class Multiplexer implements ConnectionEvents {
  readonly #options: MultiplexerOptions
  readonly #shared: SharedConnections
  readonly #alone: AloneConnections
  /** When what was added is written. */
  readonly writes = new Writes()
  readonly #waiting = new WaitingCycles()
  readonly #opening: Opening
  #opened = 0
  #discarded = 0
  #isClosed = false
  readonly #sweep: NodeJS.Timeout

  constructor (options: MultiplexerOptions) {
    this.#options = options
    this.#shared = new SharedConnections(options)
    this.#alone = new AloneConnections(options)
    this.#opening = new Opening(options, {
      count: () => this.#shared.size + this.#shared.draining + this.#alone.size,
      idle: () => this.#shared.idle(),
      opened: (socket) => { this.#adopt(socket) },
      failed: (cause) => this.#unreachable(cause),
      isWanted: () => this.waiting > 0
    })
    this.#sweep = setInterval(() => this.#lookAround(), Math.max(20, Math.min(250, options.timeouts.statement / 4))).unref()
  }

  /** Callers that wait for a connection alone, and cycles that no connection has room for. */
  get waiting (): number { return this.#alone.waiting + this.#waiting.length }

  get stats (): ConnectionStats {
    return { shared: this.#shared.size + this.#shared.draining, alone: this.#alone.size, opening: this.#opening.underWay, opened: this.#opened, discarded: this.#discarded }
  }

  async start (): Promise<OpenSocket> { return this.#adopt(await this.#opening.first(this.#options.timeouts.acquire)) }

  /** Sends a cycle on a connection that lanes share. */
  send (cycle: Cycle): void {
    if (this.#isClosed) return cycle.owner.lost(new ClosedError())
    // What has waited longer comes first.
    this.#waiting.place(this.#place)
    if (!this.#place(cycle)) this.#waiting.push(cycle)
  }

  /** Gives the caller a connection that is nobody else's until it is released. Waiting tenants are served in turn. */
  takeAlone (key: string, caller: AloneCaller): void {
    if (this.#isClosed) return caller.refuse(new ClosedError())
    this.#alone.wait(key, caller)
    this.#serveAlone()
  }

  /** Takes a connection back. It is shared again, cleaned if need be, or thrown away if anything is in doubt. */
  release (connection: Connection, isDoubted: boolean): void {
    if (this.#alone.leave(connection) === undefined) return
    if (isDoubted || connection.isSealed || !connection.isIdle) connection.fail(new Error('the connection was in doubt'))
    else this.#share(connection)
    this.#pump()
  }

  sealFor (cycle: Cycle): OpenSocket['key'] | undefined { return sealFor(cycle, this.#all()) }

  /** Ends every connection: those that are idle politely, the others at once. */
  close (): void {
    this.#isClosed = true
    clearInterval(this.#sweep)
    this.#alone.refuseAll(() => new ClosedError())
    this.#waiting.refuseAll(() => new ClosedError())
    this.#opening.close()
    for (const connection of this.#all()) connection.close()
  }

  answered (connection: Connection): void {
    if (connection.depth === 0 && !this.#alone.has(connection)) {
      if (isOld(connection)) connection.close()
      else this.#opening.spare(connection)
    }
    this.#pump()
  }

  ended (connection: Connection, unsent: readonly Cycle[], reason: Error): void {
    const holder = this.#alone.leave(connection)
    this.#shared.remove(connection)
    this.writes.forget(connection)
    this.#opening.ended()
    this.#discarded++
    holder?.onLost(reason)
    for (const cycle of unsent) {
      if (cycle.isShared && !this.#isClosed) this.#waiting.push(cycle)
      else cycle.owner.lost(reason)
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

  #all (): readonly Connection[] { return [...this.#shared.all(), ...this.#alone.connections()] }

  #pick (cycle: Cycle): Connection | undefined {
    const best = this.#shared.pick(cycle)
    if (best !== undefined) return best
    this.#grow()
    return this.#shared.pickAnyhow(cycle)
  }

  /** Adds a cycle to a connection. False if none has room. */
  readonly #place = (cycle: Cycle): boolean => {
    const connection = this.#pick(cycle)
    connection?.add(cycle)
    if (connection !== undefined) this.writes.add(connection)
    return connection !== undefined
  }

  #lookAround (): void {
    const { timeouts } = this.#options
    this.#waiting.refuseLate(timeouts.acquire)
    this.#opening.spare()
    lookAround(this.#shared.all(), this.#alone.connections(), timeouts)
  }

  #pump (): void {
    this.#waiting.place(this.#place)
    this.#serveAlone()
    this.writes.writeIfReady()
  }

  /** Opens one more connection. False if there can be no more. */
  #grow (): boolean { return !this.#isClosed && this.#opening.begin() }

  #share (connection: Connection): void {
    // Others wait for an advisory lock. What plain statements leave goes in front of whoever has the connection alone next.
    if (connection.isMarked && connection.depth === 0) cleanSession(connection)
    connection.flush()
    this.#shared.add(connection)
  }

  #adopt (socket: OpenSocket): OpenSocket {
    const connection = new Connection(socket, this, this.#options.age)
    this.#opened++
    if (this.#isClosed) connection.close()
    else this.#shared.add(connection)
    this.#pump()
    return socket
  }

  /** Without any connection nobody is served by waiting. */
  #unreachable (cause: unknown): void {
    if (this.#opening.connections > 0) return
    this.#waiting.refuseAll(() => new DatabaseUnreachableError({ cause }))
    this.#alone.refuseAll(() => new DatabaseUnreachableError({ cause }))
  }

  #serveAlone (): void {
    while (this.#alone.waiting > 0 && this.#alone.size < this.#alone.max) {
      const connection = this.#shared.idle()
      if (connection === undefined) return this.#makeIdle()
      this.#shared.remove(connection)
      // What sharers left behind is not for whoever has it alone. Written with the first thing that is asked.
      if (connection.isUsed) cleanSession(connection)
      if (!this.#alone.serve(connection)) {
        this.#share(connection)
        return this.#shared.stopDraining()
      }
    }
    if (this.#alone.waiting === 0) this.#shared.stopDraining()
  }

  /** Opens one more connection, or lets one run empty. */
  #makeIdle (): void {
    if (this.#grow()) return
    const { draining } = this.#shared
    if (draining + this.#alone.size < this.#alone.max && draining < this.#alone.waiting) this.#shared.drain()
  }
}
