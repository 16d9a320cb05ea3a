import type { Sql } from 'postgres'
import { runOutsideContext } from '../../settings/context/index.ts'
import { ConnectionLostError, DatabaseUnreachableError, DeadlineError, SqlUnexpectedError } from '../../words/errors.ts'
import type { Driver, OpenClient } from '../wire/index.ts'
import { withDeadline } from './deadline.ts'

/** What a statement settled with, as far as lanes look at it. */
export interface StatementResult {
  readonly command: string
  readonly count: number | null
}

/** Starts one statement on the driver client of a lane. */
export type StartStatement<R extends StatementResult> = (client: Sql) => PromiseLike<R>

export interface LaneLimits {
  readonly connect: number
  readonly statement: number
}

// What SQL can leave in a session, by functions that no list of statements can refuse (G-02): settings, advisory locks,
// lastval(), cursors, channels, temporary tables. Not DISCARD ALL, which would throw away the plans of functions too.
const CLEAN = 'reset all; close all; unlisten *; discard temp; discard sequences; select 1 where pg_catalog.pg_advisory_unlock_all() is null'

/**
 * One driver client with one socket that serves one caller at a time, one statement after the other. On any doubt it is
 * discarded, never repaired; it does not reconnect.
 */
export class Lane {
  readonly openedAt = Date.now()
  readonly #client: OpenClient
  readonly #limits: LaneLimits
  #isReady = false
  #reason: Error | undefined
  #isBusy = false
  #onLost: ((reason: Error) => void) | undefined

  constructor (driver: Driver, limits: LaneLimits) {
    this.#limits = limits
    // WHY OUTSIDE THE CONTEXT: what a socket calls later runs in the context in which it was opened.
    this.#client = runOutsideContext(() => driver.open((error) => this.discard(this.#lost(error))))
  }

  /** False once the lane was discarded or lost its connection: then it is thrown away. */
  get isUsable (): boolean {
    return this.#reason === undefined
  }

  /** Calls `listener` synchronously when the connection is lost or the lane is discarded; one listener at a time. */
  onLost (listener: ((reason: Error) => void) | undefined): void {
    this.#onLost = listener
  }

  /**
   * Sends one statement and returns its result. A server error leaves the lane usable; every other one discards it.
   *
   * @throws {DatabaseUnreachableError} FST_TENANCY_DATABASE_UNREACHABLE — the connection could not be opened.
   * @throws {ConnectionLostError} FST_TENANCY_SQL_CONNECTION_LOST — the lane has no connection any more.
   * @throws {DeadlineError} FST_TENANCY_SQL_DEADLINE — the statement took longer than its deadline.
   */
  async send<R extends StatementResult> (start: StartStatement<R>): Promise<R> {
    if (this.#reason !== undefined) throw new ConnectionLostError({ cause: this.#reason })
    if (this.#isBusy) throw this.discard(new SqlUnexpectedError({ cause: new Error('two statements at once on one lane') }))
    this.#isBusy = true
    try {
      // The server stops a statement at its deadline by itself; ours is for a server or network that does not answer.
      const deadline = this.#limits.statement + (this.#isReady ? 1_000 : 1_000 + this.#limits.connect)
      const result = await withDeadline(this.#start(start), deadline, () => this.discard(new DeadlineError('statement', 'statement')))
      this.#isReady = true
      return result
    } catch (error) {
      throw this.#judge(error)
    } finally {
      this.#isBusy = false
    }
  }

  /** Takes away what the last caller has left in the session. A lane that cannot be cleaned is discarded. */
  async clean (): Promise<void> {
    if (!this.#isReady) return
    const result = await this.send((client) => client.unsafe(CLEAN).simple()).catch((error: unknown) => error)
    if (result instanceof Error) this.discard(result)
  }

  /** Throws the connection away at once, and returns `reason`. What was on its way is rejected. */
  discard<E extends Error> (reason: E): E
  discard (): Error
  discard (reason: Error = new ConnectionLostError()): Error {
    if (this.#reason !== undefined) return reason
    this.#reason = reason
    const listener = this.#onLost
    this.#onLost = undefined
    listener?.(reason)
    this.#client.abort()
    return reason
  }

  /** Says goodbye to the server and closes; for a lane that nobody uses. */
  async close (): Promise<void> {
    this.#reason = new ConnectionLostError()
    await this.#client.sql.end({ timeout: 1 })
    this.#client.abort()
  }

  #start<R extends StatementResult> (start: StartStatement<R>): Promise<R> {
    return runOutsideContext(() => new Promise<R>((resolve, reject) => {
      start(this.#client.sql).then(resolve, reject)
    }))
  }

  /** What it means that there is no connection: that it was lost, or that it was never there. */
  #lost (cause?: unknown): Error {
    return this.#isReady ? new ConnectionLostError({ cause }) : new DatabaseUnreachableError({ cause })
  }

  /** Returns what the caller gets to see, and discards the lane unless the server just refused a statement. */
  #judge (error: unknown): unknown {
    if (isServerError(error)) {
      this.#isReady = true
      return isStatementTimeout(error) ? new DeadlineError('statement', 'statement', { cause: error }) : error
    }
    if (this.#reason !== undefined) return this.#reason
    if (!this.#isReady || isConnectionError(error)) return this.discard(this.#lost(error))
    return this.discard(error instanceof Error ? error : new Error('a statement threw something else than an error', { cause: error }))
  }
}

/** Tells whether the server refused one statement and goes on with the connection. */
export function isServerError (error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && error.name === 'PostgresError' && 'severity' in error && error.severity === 'ERROR'
}

/** The server stops a statement at our deadline by itself; a cancel by somebody else has the same code. */
function isStatementTimeout (error: Error & { readonly code: string }): boolean {
  return error.code === '57014' && error.message.includes('statement timeout')
}

const CONNECTION_ERRORS = new Set(['CONNECTION_CLOSED', 'CONNECTION_DESTROYED', 'CONNECTION_ENDED', 'CONNECT_TIMEOUT'])

function isConnectionError (error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error.name === 'PostgresError' || 'errno' in error) return true
  return 'code' in error && typeof error.code === 'string' && CONNECTION_ERRORS.has(error.code)
}
