import { SqlRefusedError, TransactionEndedError } from '../../words/errors/index.ts'
import { quoteIdentifier } from '../../words/names.ts'
import type { TransactionScope } from '../../words/types.ts'
import type { LaneQuery } from '../lanes/index.ts'
import { hear } from './tenant-query.ts'

/** What a scope needs of the connection under it. */
export interface ScopeConnection {
  /** Sends queries in the order in which they were given, one at a time, each with the tenant's settings. */
  inTurn (query: LaneQuery): void
  /** Sends a statement of ours, such as a savepoint, in its turn and without settings. */
  control (text: string): Promise<void>
  /** Settles when everything that was given so far has settled. */
  drained (): Promise<void>
  /** False once the connection was lost, given up or is about to end its transaction. */
  readonly isOpen: boolean
  /** A number that was not used in this transaction before. */
  nextNumber (): number
}

/**
 * A transaction, or a savepoint inside one. It dies synchronously when its callback settles, or when the connection
 * under it is lost or given up; a dead one sends nothing (rule 6, D-01, D-02).
 */
export class Scope implements TransactionScope {
  readonly isJoined: boolean
  readonly #connection: ScopeConnection
  readonly #parent: Scope | undefined
  #isEnded = false
  #failure: { readonly error: unknown } | undefined
  #savepoints: Promise<unknown> = Promise.resolve()

  constructor (connection: ScopeConnection, isJoined: boolean, parent?: Scope) {
    this.#connection = connection
    this.#parent = parent
    this.isJoined = isJoined
  }

  get isAlive (): boolean {
    return !this.#isEnded && this.#connection.isOpen && (this.#parent?.isAlive ?? true)
  }

  /** Whether it is dead although its callback goes on: its connection was lost, or it took too long. */
  get isLost (): boolean {
    return !this.#isEnded && !this.isAlive
  }

  /** Tells whether this is `other`, or a savepoint inside it. */
  isWithin (other: Scope): boolean {
    return this === other || (this.#parent?.isWithin(other) ?? false)
  }

  /** Sends one query. Its failure fails the scope, also if nobody awaits it or the caller swallows it (D-23). */
  send (query: LaneQuery): void {
    if (!this.isAlive) {
      // Whoever has the transaction hears of that.
      if (this.isLost && query instanceof Promise) hear(query)
      throw new TransactionEndedError()
    }
    if (query instanceof Promise) hear(query, (error) => this.#noteFailure(error))
    this.#connection.inTurn(query)
  }

  /** What was refused was not sent, so the transaction is as it was. */
  #noteFailure (error: unknown): void {
    if (!(error instanceof SqlRefusedError)) this.#failure ??= { error }
  }

  /** Runs `callback` to its end, with every statement that it started, and throws its first failure. */
  async settle<T> (callback: () => T | PromiseLike<T>): Promise<Awaited<T>> {
    try {
      const result = await callback()
      this.#isEnded = true
      await this.#connection.drained()
      if (this.#failure !== undefined) throw this.#failure.error
      return result
    } catch (error) {
      this.#isEnded = true
      await this.#connection.drained()
      throw isAbortedTransaction(error) && this.#failure !== undefined ? this.#failure.error : error
    }
  }

  /**
   * Runs `callback` in a savepoint of its own. Savepoints side by side wait for each other, because the server keeps
   * them as a stack and one would roll back the other (D-17).
   */
  savepoint<T> (name: string | undefined, callback: (scope: Scope) => T | PromiseLike<T>): Promise<Awaited<T>> {
    const run = this.#savepoints.then(() => this.#runSavepoint(name, callback))
    this.#savepoints = run.catch(() => {})
    return run
  }

  async #runSavepoint<T> (name: string | undefined, callback: (scope: Scope) => T | PromiseLike<T>): Promise<Awaited<T>> {
    if (!this.isAlive) throw new TransactionEndedError()
    const number = this.#connection.nextNumber()
    const savepoint = quoteIdentifier(name === undefined ? `s${number}` : `s${number}_${name}`)
    await this.#connection.control(`savepoint ${savepoint}`)
    const scope = new Scope(this.#connection, this.isJoined, this)
    try {
      const result = await scope.settle(() => callback(scope))
      await this.#connection.control(`release savepoint ${savepoint}`)
      return result
    } catch (error) {
      // If this fails too, the transaction stays failed and its commit says so.
      await this.#connection.control(`rollback to savepoint ${savepoint}`).catch(() => {})
      throw error
    }
  }
}

/** Tells whether `error` only says that an earlier statement has failed. */
function isAbortedTransaction (error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '25P02'
}
