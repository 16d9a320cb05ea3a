import { SchemaMissingError, SettingsMismatchError, SqlUnexpectedError } from '../../words/errors.ts'
import {
  BACKEND, Description, type ErrorFields, HEADER, SCHEMA_IS_MISSING, type SettingsFrame, type TransactionOpening, errorFields, errorMessage, isExpectedTag, isFatal, repositioned
} from '../wire/index.ts'
import type { ServerStatement } from './server-statements.ts'
import type { CycleOwner, Front, Request, Verdict } from './request.ts'

// Errors that say: this was prepared for tables that look different now. Nothing was executed.
const RETRY_ROUTINES = new Set(['RevalidateCachedQuery', 'FetchPreparedStatement', 'transformAssignedExpr'])

/** First three letters of the tags of statements that may share a connection, as one number each. */
const PLAIN_TAGS = new Set(['SEL', 'INS', 'UPD', 'DEL', 'MER', 'EXP', 'SHO'].map((letters) => Buffer.from(letters).readUIntBE(0, 3)))

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
  /** What begins the transaction that it is the first statement of. */
  opening: TransactionOpening | undefined
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
  #row: Buffer | undefined
  #replies: readonly number[] = []
  #at = 0
  #closes = 0
  #server: ServerStatement | undefined
  #isParsing = false
  #wasParsed = false
  #parameters: Buffer | undefined
  #charactersInFront = 0
  #hasPassed = false

  constructor (owner: CycleOwner, frame: SettingsFrame | undefined, request: Request, isShared: boolean) {
    this.owner = owner
    this.frame = frame
    this.request = request
    this.isShared = isShared
  }

  /** Says what was sent in front of the request, when it was. */
  sent (front: Front): void {
    this.nonce = front.nonce
    this.#row = front.row
    this.#replies = front.replies
    this.#closes = front.closes
    this.#server = front.server
    this.#isParsing = this.#wasParsed = front.isParsing
    this.#charactersInFront = front.charactersInFront
    this.#at = 0
    this.#hasPassed = false
    this.isFailed = this.isOutOfDate = this.isPassing = this.hasRows = false
    this.#passIfDue()
  }

  /** The statement that the connection had prepared for it, or was to prepare; undefined where it has no name. */
  get server (): ServerStatement | undefined {
    return this.#server
  }

  /** Whether its end depends on somebody who reads or writes rows: a cursor, a COPY. */
  get isLong (): boolean {
    return this.request.kind === 'text' || (this.request.kind === 'run' && this.request.cursor !== undefined)
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
    if (this.isShared ? !isIdle : isIdle && this.isInTransaction && (this.opening !== undefined || this.request.kind !== 'bare')) return false
    return this.isPassing || this.isFailed
  }

  /** Judges the next message of the answer: `length` bytes of `chunk` from `at`. */
  accept (type: number, chunk: Buffer, at: number, length: number): Verdict {
    if (type === BACKEND.error) return this.#failed(chunk.subarray(at, at + length))
    if (type === BACKEND.notice) return this.#notice(chunk.subarray(at, at + length))
    if (!this.isPassing) return this.#isFront(type, chunk, at, length) ? 'swallow' : 'kill'
    this.#hasPassed = true
    if (type === BACKEND.dataRow) this.hasRows = true
    if (type === BACKEND.commandComplete && !this.#isExpected(chunk, at, length)) {
      this.owner.refused(new SqlUnexpectedError())
      return 'kill'
    }
    return 'pass'
  }

  /** Checks a reply to what was sent in front of the statement. */
  #isFront (type: number, chunk: Buffer, at: number, length: number): boolean {
    if (this.#at < this.#replies.length) {
      if (type !== this.#replies[this.#at++]) return false
      if (type === BACKEND.dataRow && !this.#isOwnRow(chunk, at, length)) return false
    } else if (this.#closes > 0) {
      if (type !== BACKEND.closeComplete) return false
      this.#closes--
    } else if (!this.#isParsed(type, chunk, at, length)) {
      return false
    }
    this.#passIfDue()
    return true
  }

  /** The settings as the server holds them, and the nonce: not those of a neighbour, nor of the statement before. */
  #isOwnRow (chunk: Buffer, at: number, length: number): boolean {
    const row = this.#row
    if (row === undefined) return false
    if (this.request.kind === 'text') return row.compare(chunk, at, at + length) === 0
    return length === row.length + 4 && row.compare(chunk, at, at + row.length) === 0 && chunk.readInt32BE(at + row.length) === this.nonce
  }

  #isParsed (type: number, chunk: Buffer, at: number, length: number): boolean {
    if (type === BACKEND.parseComplete) return true
    if (type === BACKEND.parameterDescription) {
      this.#parameters = Buffer.from(chunk.subarray(at, at + length))
      return true
    }
    if ((type !== BACKEND.rowDescription && type !== BACKEND.noData) || this.#parameters === undefined) return false
    const said = new Description(this.#parameters, chunk.subarray(at, at + length))
    const description = 'statement' in this.request ? this.request.statement.learn(said) : said
    if (this.#server !== undefined) this.#server.description = description
    this.#isParsing = false
    this.owner.described(description)
    return true
  }

  #passIfDue (): void {
    this.isPassing = this.#at >= this.#replies.length && this.#closes === 0 && !this.#isParsing
  }

  #failed (message: Buffer): Verdict {
    const fields = errorFields(message)
    if (isFatal(fields)) return 'kill'
    const isFrame = this.#at < this.#replies.length
    const isOutOfDate = this.isPassing && !this.#hasPassed && !this.#wasParsed && RETRY_ROUTINES.has(fields['routine'] ?? '')
    this.isFailed = true
    this.isPassing = true
    if (isFrame && !this.#isSyntaxOf(fields)) return this.#frameFailed(fields)
    if (isOutOfDate) this.isOutOfDate = true
    if (isOutOfDate && this.request.kind === 'run' && this.request.cursor === undefined && !this.isRetried) return 'retry'
    return this.#charactersInFront > 0 ? { instead: repositioned(message, this.#charactersInFront) } : 'pass'
  }

  /** The simple protocol reads the whole text before it executes anything of it. */
  #isSyntaxOf (fields: ErrorFields): boolean {
    return this.#at === 0 && Number(fields['position'] ?? 0) > this.#charactersInFront && this.request.kind === 'text'
  }

  /** The server skips the statement when its frame fails. What it says names the path, so the caller gets our own words. */
  #frameFailed (fields: ErrorFields): Verdict {
    const code = fields['code'] ?? ''
    // An earlier statement has failed, or time was up.
    if (code === '25P02' || code === '57014') return 'pass'
    const isMissing = code === SCHEMA_IS_MISSING
    this.owner.refused(isMissing ? new SchemaMissingError() : new SettingsMismatchError({ cause: new Error(fields['message']) }))
    return isMissing ? { instead: errorMessage(code, 'tenant settings') } : 'kill'
  }

  #notice (message: Buffer): Verdict {
    if (!this.isPassing) return 'swallow'
    return this.#charactersInFront > 0 ? { instead: repositioned(message, this.#charactersInFront) } : 'pass'
  }

  /** The second line behind the kinds of statements: whatever fooled the words cannot fool the server. */
  #isExpected (chunk: Buffer, at: number, length: number): boolean {
    if (this.request.kind === 'bare') return true
    if (this.isShared) return length > HEADER + 3 && PLAIN_TAGS.has(chunk.readUIntBE(at + HEADER, 3))
    return isExpectedTag(chunk.toString('latin1', at + HEADER, at + length - 1))
  }
}
