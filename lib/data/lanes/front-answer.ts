import { BACKEND, Description } from '../wire/index.ts'
import { isOwnRow } from './expected-answers.ts'
import type { CycleOwner, Front, Request } from './request.ts'

/** Reads the replies to what was sent in front of a request: settings, what is closed, what is prepared. All of it is checked and nothing handed on. */
export class FrontAnswer {
  readonly front: Front
  #at = 0
  #closes: number
  #isParsing: boolean
  #parameters: Buffer | undefined

  constructor (front: Front) {
    this.front = front
    this.#closes = front.closes
    this.#isParsing = front.isParsing
  }

  /** Whether only the answer itself is left. */
  get isDone (): boolean { return this.#at >= this.front.replies.length && this.#closes === 0 && !this.#isParsing }

  /** Whether settings are still due; and whether those in front of a text are, or the text's own first answer is. */
  get isAtSettings (): boolean { return this.#at < this.front.replies.length }
  get isBeforeText (): boolean { return this.#at < this.front.textAt }
  get isAtText (): boolean { return this.#at === this.front.textAt }

  /** False if this is not the message that is due: `length` bytes of `chunk` from `at`. */
  accept (type: number, chunk: Buffer, at: number, length: number, request: Request, owner: CycleOwner): boolean {
    const { replies, row, nonce, charactersInFront, textAt } = this.front
    if (this.#at < replies.length) {
      if (type !== replies[this.#at++]) return false
      // In a text the row has the nonce already.
      return type !== BACKEND.dataRow || isOwnRow(row, charactersInFront > 0 && textAt === 0 ? undefined : nonce, chunk, at, length)
    }
    if (this.#closes === 0) return this.#isParsed(type, chunk.subarray(at, at + length), request, owner)
    if (type !== BACKEND.closeComplete) return false
    this.#closes--
    return true
  }

  #isParsed (type: number, message: Buffer, request: Request, owner: CycleOwner): boolean {
    if (type === BACKEND.parseComplete) return true
    if (type === BACKEND.parameterDescription) {
      this.#parameters = Buffer.from(message)
      return true
    }
    if ((type !== BACKEND.rowDescription && type !== BACKEND.noData) || this.#parameters === undefined) return false
    const said = new Description(this.#parameters, message)
    const description = 'statement' in request ? request.statement.learn(said) : said
    if (this.front.server !== undefined) this.front.server.description = description
    this.#isParsing = false
    owner.described(description)
    return true
  }
}
