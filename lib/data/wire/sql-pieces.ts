import { endOfDollarQuote, endOfEscapeString, endOfQuoted, endOfSpace, endOfWord, isLetter } from './sql-ends.ts'

/** `space` is white space and comments; `other` is strings, quoted names, numbers and operators. */
export type PieceKind = 'space' | 'word' | 'open' | 'close' | 'semicolon' | 'other'

const [OPEN, CLOSE, SEMICOLON, QUOTE, DOUBLE_QUOTE, DOLLAR, ZERO, NINE] = [40, 41, 59, 39, 34, 36, 48, 57]

/** What may stand in front of a string and belongs to it: B'', X'' and N''. E'' has rules of its own, U& may be a name. */
const STRING_PREFIXES = 'bBxXnN'

/**
 * Takes SQL text apart as the lexer of PostgreSQL 15 and later does, with standard_conforming_strings = on: strings,
 * quoted names, dollar quotes and nested comments are one piece each. Where the two would differ, the server refuses
 * the whole text; what has no end runs to the end of the text, and the server refuses that too.
 *
 * It moves over the text and makes no object per piece, since texts have megabytes; the time is linear.
 */
export class SqlPieces {
  readonly #sql: string
  kind: PieceKind = 'space'
  /** Where the piece begins and ends. */
  start = 0
  end = 0

  constructor (sql: string, from = 0) {
    this.#sql = sql
    this.end = from
  }

  get text (): string {
    return this.#sql.slice(this.start, this.end)
  }

  /** The piece in lower case if it is a word, or an empty string. */
  get word (): string {
    return this.kind === 'word' ? this.text.toLowerCase() : ''
  }

  /** Goes to the next piece. False at the end of the text. */
  next (): boolean {
    const sql = this.#sql
    const start = this.end
    if (start >= sql.length) return false
    this.start = start
    const code = sql.charCodeAt(start)
    if (isLetter(code)) this.#readWord()
    else this.#readSign(code)
    return true
  }

  /** Goes to the next piece that is not space. */
  nextSolid (): boolean {
    while (this.next()) if (this.kind !== 'space') return true
    return false
  }

  #readWord (): void {
    const [sql, start] = [this.#sql, this.start]
    const second = sql.charAt(start + 1)
    const first = sql.charAt(start)
    if (second === "'" && (first === 'e' || first === 'E')) this.#is('other', endOfEscapeString(sql, start + 2))
    else if (second === "'" && STRING_PREFIXES.includes(first)) this.#is('other', endOfQuoted(sql, start + 2, second))
    else if (!(second === '&' && (first === 'u' || first === 'U') && this.#readUnicode())) this.#is('word', endOfWord(sql, start))
  }

  #readUnicode (): boolean {
    const quote = this.#sql.charAt(this.start + 2)
    if (quote !== "'" && quote !== '"') return false
    this.#is('other', endOfQuoted(this.#sql, this.start + 3, quote))
    return true
  }

  #readSign (code: number): void {
    const [sql, start] = [this.#sql, this.start]
    if (code === OPEN) this.#is('open', start + 1)
    else if (code === CLOSE) this.#is('close', start + 1)
    else if (code === SEMICOLON) this.#is('semicolon', start + 1)
    else if (code === QUOTE || code === DOUBLE_QUOTE) this.#is('other', endOfQuoted(sql, start + 1, sql.charAt(start)))
    else if (code === DOLLAR) this.#is('other', endOfDollarQuote(sql, start) ?? start + 1)
    // A number takes no dollar: in `1$$;$$` and `$1$$;$$` a string begins behind the digits.
    else if (code >= ZERO && code <= NINE) this.#is('other', endOfWord(sql, start, false))
    else this.#readSpaceOrOperator(endOfSpace(sql, start))
  }

  #readSpaceOrOperator (endOfSpace: number): void {
    if (endOfSpace > this.start) this.#is('space', endOfSpace)
    else this.#is('other', this.start + 1)
  }

  #is (kind: PieceKind, end: number): void {
    this.kind = kind
    this.end = end
  }
}
