import type { Sql } from 'postgres'
import {
  CommitFailedError, DeadlineError, OutcomeUnknownError, SqlUnexpectedError, TransactionEndedError
} from '../../words/errors.ts'
import type { TenantSettings } from '../../words/types.ts'
import { type Lane, type Lanes, type StartStatement, type StatementResult, isServerError, withDeadline } from '../lanes/index.ts'
import { type SettingsDialect, isExpectedTag } from '../wire/index.ts'
import { Scope, type ScopeConnection } from './scope.ts'

/** How a transaction is opened. */
export interface TransactionMode {
  /** Behind `begin`: letters and blanks only, such as `isolation level serializable read only`. */
  readonly options: string
  /** Whether plain statements of the tenant client belong to it. */
  readonly isJoined: boolean
}

/** What every transaction of a tenancy runs with. */
export interface TransactionSurroundings {
  readonly lanes: Lanes
  readonly dialect: SettingsDialect
  readonly timeouts: { readonly statement: number, readonly transaction: number }
}

/**
 * Runs `callback` as one transaction of a tenant on a lane of its own, and commits before it returns. Any doubt rolls
 * back; a doubt about the connection discards it.
 *
 * The SQL sent: `begin …; set local statement_timeout = …; …` — then for each statement the settings dialect's, then the
 * statement — then `commit` or `rollback`.
 */
export async function runTransaction<T> (
  surroundings: TransactionSurroundings, settings: TenantSettings, mode: TransactionMode,
  callback: (scope: Scope) => T | PromiseLike<T>
): Promise<Awaited<T>> {
  return await surroundings.lanes.withLane(settings.tenantId, async (lane) => {
    const transaction = new LaneTransaction(lane, surroundings, settings)
    const scope = new Scope(transaction, mode.isJoined)
    try {
      await transaction.begin(mode.options)
      const result = await transaction.untilLost(scope.settle(() => callback(scope)))
      await transaction.commit()
      return result
    } catch (error) {
      await transaction.rollback()
      throw error
    }
  })
}

class LaneTransaction implements ScopeConnection {
  readonly #lane: Lane
  readonly #surroundings: TransactionSurroundings
  readonly #settings: TenantSettings
  #turn: Promise<unknown> = Promise.resolve()
  #number = 0
  #isOpen = false

  constructor (lane: Lane, surroundings: TransactionSurroundings, settings: TenantSettings) {
    this.#lane = lane
    this.#surroundings = surroundings
    this.#settings = settings
  }

  get isOpen (): boolean {
    return this.#isOpen && this.#lane.isUsable
  }

  nextNumber (): number {
    return this.#number++
  }

  async begin (options: string): Promise<void> {
    const { statement, transaction } = this.#surroundings.timeouts
    // One message of three statements, all of them ours.
    const text = `begin ${options}; set local statement_timeout = ${statement}; set local idle_in_transaction_session_timeout = ${transaction}`
    const result = await this.#lane.send((client) => sendSimple(client, text))
    if (result.command !== 'SET') throw this.#giveUp(new SqlUnexpectedError())
    this.#isOpen = true
  }

  async inTurn<R extends StatementResult> (start: StartStatement<R>): Promise<R> {
    return await this.#queue(async () => {
      const { dialect } = this.#surroundings
      await dialect.apply(this.#settings, async (text, parameters) => {
        const rows = await this.#lane.send((client) => client.unsafe(text, [...parameters]))
        return rows.count
      })
      const result = await this.#lane.send(start)
      if (!isExpectedTag(result.command)) throw this.#giveUp(new SqlUnexpectedError())
      return result
    })
  }

  async control (text: string): Promise<void> {
    await this.#queue(async () => await this.#lane.send((client) => sendSimple(client, text)))
  }

  async drained (): Promise<void> {
    await this.#turn
  }

  /** Returns what `work` settles with, or rejects at once when the connection is lost or the deadline has passed. */
  async untilLost<T> (work: Promise<T>): Promise<T> {
    // After a loss nobody looks at what the callback still does.
    work.catch(() => {})
    const lost = new Promise<never>((_resolve, reject) => {
      this.#lane.onLost(reject)
    })
    lost.catch(() => {})
    return await withDeadline(Promise.race([work, lost]), this.#surroundings.timeouts.transaction,
      () => this.#giveUp(new DeadlineError('transaction', 'transaction')))
  }

  async commit (): Promise<void> {
    this.#isOpen = false
    this.#lane.onLost(undefined)
    const result = await this.#lane.send((client) => sendSimple(client, 'commit')).catch((error: unknown) => {
      throw isServerError(error) ? error : new OutcomeUnknownError({ cause: error })
    })
    if (result.command === 'COMMIT') return
    if (result.command === 'ROLLBACK') throw new CommitFailedError()
    throw this.#giveUp(new SqlUnexpectedError())
  }

  /** Ends a transaction that failed. Never throws: the caller has an error already, and a lane that does not obey is discarded. */
  async rollback (): Promise<void> {
    this.#isOpen = false
    this.#lane.onLost(undefined)
    if (!this.#lane.isUsable) return
    try {
      await this.drained()
      const result = await this.#lane.send((client) => sendSimple(client, 'rollback'))
      if (result.command !== 'ROLLBACK') this.#lane.discard()
    } catch {
      this.#lane.discard()
    }
  }

  /** One statement in flight: a client-side error beside another would shift the answers (D-06, D-07). */
  #queue<R> (work: () => Promise<R>): Promise<R> {
    const turn = this.#turn.then(async () => {
      if (!this.isOpen) throw new TransactionEndedError()
      return await work()
    })
    this.#turn = turn.catch(() => {})
    return turn
  }

  #giveUp<E extends Error> (error: E): E {
    this.#isOpen = false
    return this.#lane.discard(error)
  }
}

/** Sends a text of ours by the simple protocol; the result is that of its last statement. */
async function sendSimple (client: Sql, text: string): Promise<StatementResult> {
  return await client.unsafe(text).simple()
}
