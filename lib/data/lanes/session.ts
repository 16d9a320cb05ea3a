import { ConnectionLostError } from '../../words/errors/index.ts'
import { BACKEND, type ErrorFields, HEADER, type SettingsFrame, type TransactionOpening, errorFields, lengthAt, queryOf } from '../wire/index.ts'
import { beginningOf } from './beginning.ts'
import type { Connection } from './connection.ts'
import { Cycle } from './cycle.ts'
import type { Lane } from './lane.ts'
import type { LaneQuery } from './lane-query.ts'

/** What a session is made of. */
export interface SessionParts {
  readonly connection: Connection
  readonly frame: SettingsFrame
  /** Whether its statements may be transaction control. */
  readonly mayControl: boolean
  readonly opening: TransactionOpening
  /** Returns a lane whose statements go to the connection, for one statement. */
  readonly takeLane: () => Lane
  readonly giveLaneBack: (lane: Lane) => void
  readonly isCancelled: (query: LaneQuery) => boolean
  /** Makes the server's error of its fields. */
  readonly errorOf: (fields: ErrorFields) => Error
  /** Gives the connection back. */
  readonly leave: (isDoubted: boolean) => void
}

/**
 * A connection that one caller of one tenant has alone: for transactions, and for whatever else is more than one
 * statement. One statement at a time, each on a lane that is the session's no longer than that.
 */
export class Session {
  readonly #parts: SessionParts
  #reason: Error | undefined
  #hasLeft = false
  /** What the first statement of a transaction has in front of it, as long as there was none. */
  #opening: TransactionOpening | undefined
  #onLost: ((reason: Error) => void) | undefined

  constructor (parts: SessionParts) {
    this.#parts = parts
  }

  /** Whose it is. */
  get tenantId (): string {
    return this.#parts.frame.tenantId
  }

  /** False once the connection was lost or given up. */
  get isUsable (): boolean {
    return this.#reason === undefined && !this.#hasLeft
  }

  /** Whether a cursor or COPY is open. */
  get isReading (): boolean {
    return this.#parts.connection.head?.isLong === true
  }

  /** Calls `listener` synchronously when the connection is lost or given up; one listener at a time. */
  onLost (listener: ((reason: Error) => void) | undefined): void {
    this.#onLost = listener
  }

  /** Whether a transaction was begun that no statement was sent in: the server does not know of it. */
  get isUntouched (): boolean {
    return this.#opening !== undefined
  }

  /**
   * Begins a transaction. Without options the server hears of it with its first statement, in one round trip; with
   * options, which it may refuse, at once.
   */
  async begin (options: string): Promise<void> {
    const { opening } = this.#parts
    if (options.trim() === '') this.#opening = opening
    else await this.command(opening.textWith(options))
  }

  /** Returns, once, what begins the transaction. */
  takeOpening (): TransactionOpening | undefined {
    const opening = this.#opening
    this.#opening = undefined
    return opening
  }

  /** Hands a query to a lane, and calls `done` when the server is ready again. The query settles by itself. */
  run (query: LaneQuery, done: () => void): void {
    const { frame, mayControl, takeLane, giveLaneBack, isCancelled } = this.#parts
    if (this.#reason !== undefined || this.#hasLeft) {
      query.reject(this.#reason ?? new ConnectionLostError())
      return done()
    }
    if (isCancelled(query)) return done()
    const end = (lane: Lane): void => {
      giveLaneBack(lane)
      done()
    }
    takeLane().run({ query, frame, share: undefined, isAlone: true, mayControl, done: end })
  }

  /**
   * Sends a text of ours, such as `commit`, without settings, and returns the command tag of its last statement.
   *
   * @throws the server's error, or {@link ConnectionLostError} FST_TENANCY_SQL_CONNECTION_LOST.
   */
  command (text: string): Promise<string> {
    const { connection, errorOf } = this.#parts
    if (!this.isUsable) return Promise.reject(this.#reason ?? new ConnectionLostError())
    const opening = this.takeOpening()
    return new Promise((resolve, reject) => {
      const answer: Buffer[] = []
      if (opening !== undefined) connection.add(beginningOf(opening))
      connection.add(new Cycle({
        receive: (bytes) => { answer.push(bytes) },
        described () {},
        refused: reject,
        lost: (reason) => reject(this.#reason ?? new ConnectionLostError({ cause: reason })),
        finished () {
          const { tag, error } = readAnswer(Buffer.concat(answer))
          if (error === undefined) resolve(tag)
          else reject(errorOf(error))
        }
      }, undefined, { kind: 'bare', messages: queryOf(text) }, false))
      connection.flush()
    })
  }

  /** Tells the session that its connection is gone. */
  lost (reason: Error): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    const listener = this.#onLost
    this.#onLost = undefined
    listener?.(reason)
  }

  /** Gives the connection back: cleaned, and shared by all again. */
  release (): void {
    this.#leave(false)
  }

  /** Throws the connection away at once, and returns `reason`. */
  discard<E extends Error> (reason: E): E {
    this.lost(reason)
    this.#leave(true)
    return reason
  }

  #leave (isDoubted: boolean): void {
    if (this.#hasLeft) return
    this.#hasLeft = true
    this.#parts.leave(isDoubted || this.#reason !== undefined)
  }
}

function readAnswer (bytes: Buffer): { readonly tag: string, readonly error: ErrorFields | undefined } {
  let tag = ''
  let error: ErrorFields | undefined
  for (let at = 0; bytes.length - at >= HEADER; at += lengthAt(bytes, at)) {
    const end = at + lengthAt(bytes, at)
    if (bytes[at] === BACKEND.commandComplete) tag = bytes.toString('latin1', at + HEADER, end - 1)
    if (bytes[at] === BACKEND.error) error = errorFields(bytes.subarray(at, end))
  }
  return { tag, error }
}
