import { lineEnds } from './names.ts'
import { tokensOf } from './tokens.ts'

/** One statement of a migration file. */
export interface MigrationStatement {
  readonly text: string
  /** The line of the file that it begins in. */
  readonly line: number
  /** Where it begins in the text. */
  readonly at: number
  /** Its words outside brackets in lower case, without quoted names, strings and comments. */
  readonly words: readonly string[]
}

/**
 * Splits a migration file at the semicolons that end statements, as psql does: not in brackets, and not between BEGIN
 * ATOMIC and END of a function body.
 */
export function splitStatements (sql: string): readonly MigrationStatement[] {
  const statements: Draft[] = []
  let line = 1
  let at = 0
  let draft = new Draft(line)
  for (const token of tokensOf(sql)) {
    at += token.text.length
    if (token.kind === 'semicolon' && draft.canEnd) {
      statements.push(draft)
      draft = new Draft(line)
      draft.at = at
      continue
    }
    if (!draft.isEmpty || token.kind !== 'space') draft.text += token.text
    else draft.at = at
    if (token.kind === 'open') draft.brackets++
    else if (token.kind === 'close') draft.brackets--
    else if (token.kind === 'word') draft.addWord(token.text.toLowerCase())
    line += lineEnds(token.text)
    if (draft.isEmpty && token.kind === 'space') draft.line = line
    draft.isEmpty &&= token.kind === 'space'
  }
  statements.push(draft)
  return statements.filter((statement) => !statement.isEmpty)
}

/** A statement that is being read. */
class Draft implements MigrationStatement {
  text = ''
  line: number
  at = 0
  readonly words: string[] = []
  brackets = 0
  isEmpty = true
  #blocks = 0

  constructor (line: number) {
    this.line = line
  }

  get canEnd (): boolean {
    return this.brackets <= 0 && this.#blocks === 0
  }

  addWord (word: string): void {
    if (this.brackets > 0) return
    this.words.push(word)
    if (!this.#isRoutine) return
    if (word === 'begin') this.#blocks++
    else if (word === 'case' && this.#blocks > 0) this.#blocks++
    else if (word === 'end' && this.#blocks > 0) this.#blocks--
  }

  get #isRoutine (): boolean {
    const [first, second, third, fourth] = this.words
    const kind = second === 'or' && third === 'replace' ? fourth : second
    return first === 'create' && (kind === 'function' || kind === 'procedure')
  }
}
