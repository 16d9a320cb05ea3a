import { SqlPieces } from './sql-pieces.ts'

/**
 * Splits a text at the semicolons that end statements for the server, and leaves out what is empty or only comments.
 *
 * A semicolon ends no statement in two places: in the brackets of a rule's actions, and between BEGIN ATOMIC and END of
 * a routine. Anywhere else it does, in brackets too: the server refuses such a text, and whoever looks at the statements
 * sees each of them whatever the brackets say.
 */
export function statementsOf (sql: string): readonly string[] {
  const statements: string[] = []
  const pieces = new SqlPieces(sql)
  let draft = new Draft()
  let start = 0
  while (pieces.nextSolid()) {
    if (!draft.endsAt(pieces)) continue
    if (!draft.isEmpty) statements.push(sql.slice(start, pieces.start))
    draft = new Draft()
    start = pieces.end
  }
  if (!draft.isEmpty) statements.push(sql.slice(start))
  return statements
}

/** What a statement can be, as far as it matters where it ends; `unknown` until its first words are read. */
type Form = 'unknown' | 'rule' | 'routine' | 'usual'

const FORMS: ReadonlyMap<string, Form> = new Map([
  ['', 'unknown'], ['create', 'unknown'], ['create or', 'unknown'], ['create or replace', 'unknown'],
  ['create rule', 'rule'], ['create or replace rule', 'rule'],
  ...['function', 'procedure'].flatMap((kind) => [[`create ${kind}`, 'routine'], [`create or replace ${kind}`, 'routine']] as const)
])

/** A statement that is being read. */
class Draft {
  isEmpty = true
  #form: Form = 'unknown'
  #words = ''
  #brackets = 0
  #isInBody = false
  /** The piece before, in a routine. */
  #previous = ''

  /** Takes the next piece that is not space, and tells whether the statement ends with it. */
  endsAt (pieces: SqlPieces): boolean {
    const { kind } = pieces
    if (kind === 'semicolon' && !this.#goesOn) return true
    this.isEmpty = false
    if (this.#form === 'usual') return false
    if (this.#form === 'unknown') this.#addWord(pieces.word)
    else if (kind === 'open') this.#brackets++
    else if (kind === 'close') this.#brackets--
    if (this.#form === 'routine') this.#readRoutine(pieces)
    return false
  }

  get #goesOn (): boolean {
    return this.#form === 'rule' ? this.#brackets > 0 : this.#isInBody
  }

  #addWord (word: string): void {
    this.#words = this.#words === '' ? word : `${this.#words} ${word}`
    this.#form = word === '' ? 'usual' : FORMS.get(this.#words) ?? 'usual'
  }

  /**
   * Not by counting BEGIN, CASE and END, as psql does: all are names too (`select 1 as case`). But in a routine BEGIN
   * ATOMIC outside brackets begins its body and nothing else, and only the END behind a semicolon can end it.
   */
  #readRoutine (pieces: SqlPieces): void {
    const piece = pieces.kind === 'word' ? pieces.word : pieces.kind
    if (this.#isInBody) this.#isInBody = !(piece === 'end' && (this.#previous === 'semicolon' || this.#previous === 'atomic'))
    else this.#isInBody = piece === 'atomic' && this.#previous === 'begin' && this.#brackets === 0
    this.#previous = piece
  }
}
