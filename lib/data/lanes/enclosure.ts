import { BACKEND, HEADER, IDLE, IN_FAILED_TRANSACTION, IN_TRANSACTION, SYNC, queryOf, transactionOpening } from '../wire/index.ts'

/** What begins the transaction of one statement, in one write with it. */
export const ENCLOSING = transactionOpening(undefined)

/** Says the same when the transaction has failed: then it is a rollback, and is answered as one. */
export const COMMIT = queryOf('commit')

/** Whether the statement in it has failed, and whether it is one that others end: rows by turns, a COPY. */
interface Enclosed {
  readonly isFailed: boolean
  readonly isPassing: boolean
  readonly isCursor: boolean
}

/**
 * The transaction that one statement is put into, where settings last no longer and reach nothing without. Whoever asked
 * hears that the statement is done when its transaction is committed, and not before.
 */
export class Enclosure {
  #held: Buffer | undefined
  #isAnswered = false
  #isCommitSent: boolean
  /** Whether the commit was sent in front of what the driver ends a cursor with, for which the server is ready once more. */
  #isEarly = false
  #due: Buffer | undefined
  /** What waits for the transaction to have begun. */
  #inside: Buffer | undefined

  constructor (isCommitSent: boolean) {
    this.#isCommitSent = isCommitSent
  }

  /** Whether the statement was answered, so that what comes is the answer to its commit. */
  get isAnswered (): boolean {
    return this.#isAnswered
  }

  /** Whether something waits for the commit, so that nothing may be handed on around it. */
  get isHolding (): boolean {
    return this.#held !== undefined
  }

  /** Has a text sent when the transaction has begun, and not before: where it could not begin, the server would run the text by itself. */
  hold (text: Buffer): void {
    this.#inside = text
  }

  /** Says that the transaction has begun, and has its settings. */
  begun (): void {
    this.#due = this.#inside
    this.#inside = undefined
  }

  /** Returns, once, what has to be sent now. */
  takeDue (): Buffer | undefined {
    const due = this.#due
    this.#due = undefined
    return due
  }

  /**
   * Takes a message of the answer, and returns what is handed on: the one that says "done" is kept. In a text of several
   * statements it was not the last one if more comes.
   */
  pass (type: number, message: () => Buffer, { isCursor }: Enclosed): 'pass' | 'swallow' | { readonly instead: Buffer } {
    const isDone = type === BACKEND.commandComplete || type === BACKEND.closeComplete
    if (!isDone && this.#held === undefined) return 'pass'
    const before = this.#held
    this.#held = isDone ? message() : undefined
    // The driver ends a cursor itself when it hears that there are no more rows, and it may not hear it yet.
    if (isCursor && type === BACKEND.commandComplete) {
      this.#due = Buffer.concat([SYNC, COMMIT])
      this.#isCommitSent = this.#isEarly = true
    }
    if (before === undefined) return 'swallow'
    return { instead: isDone ? before : Buffer.concat([before, message()]) }
  }

  /**
   * Takes note that the server is ready. Behind the statement its transaction has to be there still, failed or not as the
   * statement has. Undefined if nothing more comes.
   */
  ready (status: number, { isFailed, isPassing }: Enclosed): 'swallow' | 'kill' | undefined {
    if (this.#isAnswered) {
      if (!this.#isEarly) return undefined
      this.#isEarly = false
      return status === IDLE ? 'swallow' : 'kill'
    }
    if (status !== (isFailed ? IN_FAILED_TRANSACTION : IN_TRANSACTION) || !isPassing) return 'kill'
    this.#isAnswered = true
    if (!this.#isCommitSent) this.#due = COMMIT
    this.#isCommitSent = true
    return 'swallow'
  }

  /** Judges the answer to the commit: what was kept is handed on if it was one; `rolled back` if it was none and nothing had failed. */
  end (type: number, chunk: Buffer, at: number, length: number, { isFailed }: Enclosed): 'swallow' | 'kill' | 'rolled back' | { readonly instead: Buffer } {
    if (type !== BACKEND.commandComplete) return 'kill'
    const tag = chunk.toString('latin1', at + HEADER, at + length - 1)
    if (tag === 'ROLLBACK') return isFailed ? 'swallow' : 'rolled back'
    if (tag !== 'COMMIT' || isFailed) return 'kill'
    const held = this.#held
    this.#held = undefined
    return held === undefined ? 'swallow' : { instead: held }
  }
}
