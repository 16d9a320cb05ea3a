import {
  CommitFailedError, DeadlineError, OutcomeUnknownError, SqlUnexpectedError, TransactionEndedError
} from '../../words/errors/index.ts'
import { type LaneQuery, type Lanes, type Session, isServerError, withDeadline } from '../lanes/index.ts'
import type { SettingsFrame } from '../wire/index.ts'
import { OneByOne } from './one-by-one.ts'
import { Scope, type ScopeConnection } from './scope.ts'

/** How a transaction is opened. */
export interface TransactionMode {
  /** Behind `begin`: letters and blanks only, such as `isolation level serializable read only`. */
  readonly options: string
  /** Whether plain statements of the tenant client belong to it. */
  readonly isJoined: boolean
}

export interface TransactionTimeouts {
  /** The longest time for one transaction, in milliseconds. */
  readonly transaction: number
}

/** Where a transaction runs. */
export interface TransactionSurroundings {
  readonly lanes: Lanes
  readonly timeouts: TransactionTimeouts
}

/**
 * Runs `callback` as one transaction of a tenant on a connection of its own, and commits before it returns. Any doubt
 * rolls back; a doubt about the connection throws it away.
 *
 * The SQL sent: each statement behind its settings, in one round trip, the first one behind `begin` too; then `commit` or
 * `rollback`. A transaction with options is begun in a round trip of its own, and one without a statement not at all.
 */
export async function runTransaction<T> (
  surroundings: TransactionSurroundings, frame: SettingsFrame, mode: TransactionMode,
  callback: (scope: Scope) => T | PromiseLike<T>
): Promise<Awaited<T>> {
  const session = await surroundings.lanes.openSession(frame, false)
  const transaction = new SessionTransaction(session, surroundings.timeouts)
  const scope = new Scope(transaction, mode.isJoined)
  try {
    await transaction.begin(mode.options)
    const result = await transaction.untilLost(scope.settle(() => callback(scope)))
    await transaction.commit()
    return result
  } catch (error) {
    await transaction.rollback()
    throw error
  } finally {
    session.release()
  }
}

/** How long a cursor or COPY may go on when the callback that began it has ended. */
const ABANDONED_MS = 1_000

class SessionTransaction implements ScopeConnection {
  readonly #session: Session
  readonly #timeouts: TransactionSurroundings['timeouts']
  readonly #turns = new OneByOne()
  #number = 0
  #isOpen = false

  constructor (session: Session, timeouts: TransactionSurroundings['timeouts']) {
    this.#session = session
    this.#timeouts = timeouts
  }

  get isOpen (): boolean {
    return this.#isOpen && this.#session.isUsable
  }

  nextNumber (): number {
    return this.#number++
  }

  async begin (options: string): Promise<void> {
    await this.#session.begin(options)
    this.#isOpen = true
  }

  inTurn (query: LaneQuery): void {
    this.#turns.add((done) => {
      if (this.isOpen) return this.#session.run(query, done)
      query.reject(new TransactionEndedError())
      done()
    })
  }

  control (text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#turns.add((done) => {
        const sent = this.isOpen ? this.#session.command(text) : Promise.reject(new TransactionEndedError())
        sent.then(() => resolve(), reject).finally(done)
      })
    })
  }

  /** A cursor or COPY that nobody reads to its end would hold the connection for ever (D-18). */
  async drained (): Promise<void> {
    if (this.#session.isReading) await withDeadline(this.#turns.drained(), ABANDONED_MS, () => this.#giveUp(new TransactionEndedError()))
    await this.#turns.drained()
  }

  /** Returns what `work` settles with, or rejects at once when the connection is lost or the deadline has passed. */
  async untilLost<T> (work: Promise<T>): Promise<T> {
    // After a loss nobody looks at what the callback still does.
    work.catch(() => {})
    const lost = new Promise<never>((_resolve, reject) => {
      this.#session.onLost(reject)
    })
    lost.catch(() => {})
    return await withDeadline(Promise.race([work, lost]), this.#timeouts.transaction,
      () => this.#giveUp(new DeadlineError('transaction', 'transaction')))
  }

  async commit (): Promise<void> {
    this.#isOpen = false
    this.#session.onLost(undefined)
    if (this.#session.isUntouched) return
    const tag = await this.#session.command('commit').catch((error: unknown) => {
      throw isServerError(error) ? error : new OutcomeUnknownError({ cause: error })
    })
    if (tag === 'COMMIT') return
    if (tag === 'ROLLBACK') throw new CommitFailedError()
    throw this.#giveUp(new SqlUnexpectedError())
  }

  /** Ends a transaction that failed. Never throws: the caller has an error already, and what does not obey is thrown away. */
  async rollback (): Promise<void> {
    this.#isOpen = false
    this.#session.onLost(undefined)
    if (!this.#session.isUsable) return
    try {
      await this.drained()
      if (this.#session.isUntouched) return
      const tag = await this.#session.command('rollback')
      if (tag !== 'ROLLBACK') this.#giveUp(new SqlUnexpectedError())
    } catch (cause) {
      this.#giveUp(new SqlUnexpectedError({ cause }))
    }
  }

  #giveUp<E extends Error> (error: E): E {
    this.#isOpen = false
    return this.#session.discard(error)
  }
}
