import { CommitFailedError, SqlUnexpectedError } from '../../words/errors/index.ts'
import { BACKEND, type ErrorFields, IDLE, type SettingsFrame, type TransactionOpening, errorFields, isFatal, repositioned, withHiddenRoutine } from '../wire/index.ts'
import type { Enclosure } from './enclosure.ts'
import { frameFailed, isExpectedAnswer } from './expected-answers.ts'
import { FrontAnswer } from './front-answer.ts'
import { OUTDATED } from './lane-replies.ts'
import { type ServerStatement, isPlannedAnew } from './server-statements.ts'
import { type CycleOwner, type Front, NOTHING_IN_FRONT, type Request, type Verdict } from './request.ts'
import type { Share } from './tally.ts'

// Errors that say: this was prepared for tables that look different now. Nothing was executed. The driver sends such a statement
// once more by itself, when its lane may be another tenant's already: so it never reads these names as the server wrote them.
const RETRY_ROUTINES = new Set(['RevalidateCachedQuery', 'FetchPreparedStatement', 'transformAssignedExpr'])

const UNSENT = new FrontAnswer(NOTHING_IN_FRONT)

/**
 * One cycle of a connection: what is sent up to its Sync, and what has to come back. The replies of the frame come first
 * and are checked byte for byte before anything of the answer reaches whoever asked.
 */
export class Cycle {
  readonly owner: CycleOwner
  readonly frame: SettingsFrame | undefined
  readonly request: Request
  /** Whether other cycles may stand in front of it and behind it. */
  readonly isShared: boolean
  /** What counts the statement that it is of among those of its tenant, if anything does. */
  readonly share: Share | undefined
  /** What begins the transaction that it is the first statement of. */
  opening: TransactionOpening | undefined
  /** The transaction of its own that it is in, where it needs one. */
  enclosure: Enclosure | undefined
  /** Whether it only takes away what was left in the session. */
  isCleaning = false
  /** True once only the answer itself is left. */
  isPassing = false
  /** Its number among the cycles of its connection; the frame carries it as its nonce. */
  nonce = 0
  /** Whether it is part of a transaction that is open, and so rolled back if the connection is lost. */
  isInTransaction = false
  /** True once the server has refused it. */
  isFailed = false
  /** True if what the connection had prepared for it no longer fits the tables. */
  isOutOfDate = false
  /** True if the server has already been asked once and said that what was prepared is out of date. */
  isRetried = false
  /** Whether rows of its answer were handed on. */
  hasRows = false
  #front = UNSENT
  #isReadyDue = false
  #hasPassed = false

  constructor (owner: CycleOwner, frame: SettingsFrame | undefined, request: Request, isShared: boolean, share?: Share) {
    this.owner = owner
    this.frame = frame
    this.request = request
    this.isShared = isShared
    this.share = share
  }

  /** Says what was sent in front of the request, when it was. */
  sent (front: Front): void {
    this.nonce = front.nonce
    this.#front = new FrontAnswer(front)
    this.#isReadyDue = front.isReadyInFront
    this.#hasPassed = false
    this.isFailed = this.isOutOfDate = this.hasRows = false
    this.isPassing = this.#front.isDone
  }

  /** The statement that the connection had prepared for it, or was to prepare; undefined where it has no name. */
  get server (): ServerStatement | undefined {
    return this.#front.front.server
  }

  /** Whether much of its time may be that of planning, which the same statement takes on any other connection too. */
  get isPlanning (): boolean {
    const { server, isParsing } = this.#front.front
    return server !== undefined && (isParsing || isPlannedAnew(server))
  }

  /** Whether its end depends on somebody who reads or writes rows: a cursor, a COPY. */
  get isLong (): boolean {
    return this.request.kind === 'text' || this.isCursor
  }

  get isCursor (): boolean {
    return this.request.kind === 'run' && this.request.cursor !== undefined
  }

  /** Whether it may leave something in the session. */
  get leavesMarks (): boolean {
    return this.request.kind === 'text' || (this.request.kind === 'run' && this.request.statement.text.kind.kind === 'alone')
  }

  /**
   * Whether it has left something in the driver that the next statement would get: of rows, how many there were, so that
   * the next result begins with holes (D-16); of a COPY, what ends its stream.
   */
  get leavesRemains (): boolean {
    return this.isFailed && (this.hasRows || this.isLong)
  }

  /** Whether ReadyForQuery may come now: of a shared one outside of transactions, of one that is in one inside. Only bare messages end one. */
  mayEnd (isIdle: boolean): boolean {
    if (this.isShared || this.enclosure !== undefined ? !isIdle : isIdle && this.isInTransaction && (this.opening !== undefined || this.request.kind !== 'bare')) return false
    return this.isPassing || this.isFailed
  }

  /** Takes note that the server is ready, and returns what becomes of the message; undefined if that is the end of the cycle. */
  between (status: number): 'swallow' | 'kill' | undefined {
    if (!this.#isReadyDue) return this.enclosure?.ready(status, this)
    this.#isReadyDue = false
    if (!this.isPassing || status === IDLE) return 'kill'
    this.enclosure?.begun()
    return 'swallow'
  }

  /** Judges the next message of the answer: `length` bytes of `chunk` from `at`. */
  accept (type: number, chunk: Buffer, at: number, length: number): Verdict {
    if (type === BACKEND.error) return this.#failed(chunk.subarray(at, at + length))
    if (type === BACKEND.notice) return this.#notice(chunk.subarray(at, at + length))
    if (!this.isPassing) return this.#isFront(type, chunk, at, length) ? 'swallow' : 'kill'
    if (this.#isReadyDue) return 'kill'
    if (this.enclosure?.isAnswered === true) return this.#committed(this.enclosure.end(type, chunk, at, length, this))
    this.#hasPassed = true
    if (type === BACKEND.dataRow) this.hasRows = true
    if (type === BACKEND.commandComplete && !isExpectedAnswer(this.request, this.isShared, chunk, at, length)) {
      this.owner.refused(new SqlUnexpectedError())
      return 'kill'
    }
    return this.enclosure === undefined ? 'pass' : this.enclosure.pass(type, () => Buffer.from(chunk.subarray(at, at + length)), this)
  }

  #committed (verdict: ReturnType<Enclosure['end']>): Verdict {
    if (verdict === 'rolled back') this.owner.refused(new CommitFailedError())
    return verdict === 'rolled back' ? 'kill' : verdict
  }

  /** Checks a reply to what was sent in front of the statement. */
  #isFront (type: number, chunk: Buffer, at: number, length: number): boolean {
    if (!this.#front.accept(type, chunk, at, length, this.request, this.owner)) return false
    this.isPassing = this.#front.isDone
    return true
  }

  get #charactersInFront (): number { return this.#front.front.charactersInFront }

  #failed (message: Buffer): Verdict {
    const fields = errorFields(message)
    if (isFatal(fields)) return 'kill'
    if (this.isFailed) return 'swallow'
    const isOfRetried = RETRY_ROUTINES.has(fields['routine'] ?? '')
    const heard = isOfRetried ? withHiddenRoutine(message) : message
    if (this.enclosure?.isAnswered === true) {
      this.isFailed = true
      return { instead: heard }
    }
    const isOutOfDate = this.isPassing && !this.#hasPassed && !this.#front.front.isParsing && isOfRetried
    this.isFailed = this.isPassing = true
    if (this.#front.isAtSettings && !this.#isSyntaxOf(fields)) return this.#frameFailed(fields)
    if (isOutOfDate) this.isOutOfDate = true
    // What a transaction has done before is lost with it, so only its owner can do all of it again; not the driver (D-08).
    if (isOutOfDate && this.isInTransaction) return { instead: OUTDATED }
    if (isOutOfDate && this.request.kind === 'run' && this.request.cursor === undefined && !this.isRetried) return 'retry'
    return { instead: this.#charactersInFront > 0 ? repositioned(heard, this.#charactersInFront) : heard }
  }

  /** The simple protocol reads the whole text before it executes anything of it. */
  #isSyntaxOf (fields: ErrorFields): boolean {
    return this.#front.isAtText && this.#charactersInFront > 0 && Number(fields['position'] ?? 0) > this.#charactersInFront
  }

  /** The server skips the statement when its frame fails, and a text behind it until it is told to go on. */
  #frameFailed (fields: ErrorFields): Verdict {
    if (this.#front.isBeforeText) this.owner.skipped?.()
    return frameFailed(fields, this.owner)
  }

  #notice (message: Buffer): Verdict {
    if (!this.isPassing) return 'swallow'
    return this.#charactersInFront > 0 ? { instead: repositioned(message, this.#charactersInFront) } : 'pass'
  }
}
