import type { Pieces } from './names.ts'

// Behind each of these the grammar wants a table, a type or a routine: an alias with its column cannot stand there.
const INTRODUCERS = new Set([
  'table', 'view', 'index', 'sequence', 'type', 'domain', 'function', 'procedure', 'routine', 'aggregate', 'join', 'from', 'into', 'update',
  'references', 'partition', 'truncate', 'lock', 'collate', 'returns', 'setof', 'as'
])
const SKIPPED = new Set(['if', 'not', 'exists', 'only', 'concurrently', 'lateral', 'of'])
const LIST_ENDS = new Set([
  'where', 'group', 'order', 'having', 'limit', 'offset', 'fetch', 'window', 'union', 'except', 'intersect', 'set', 'returning', 'values', 'select', 'for', 'as', 'is', 'to'
])
const QUERIES = new Set(['select', 'delete', 'update', 'insert', 'with'])
/** Their objects are a list: `drop table a, b`. */
const LIST_STATEMENTS = new Set(['drop', 'truncate', 'lock', 'grant', 'revoke'])
const LISTED = new Set(['table', 'view', 'index', 'sequence', 'type', 'domain', 'function', 'procedure', 'routine', 'truncate', 'lock'])

/** What is known of the bracket that a reader is in. */
interface Level {
  /** Whether FROM is followed by tables here: in `extract(day from d.at)` it is not. */
  isQuery: boolean
  /** What a comma goes on with. */
  list: 'tables' | 'objects' | undefined
  /** Whether these are the brackets of CREATE TABLE. */
  readonly isColumns: boolean
}

/** Reads the pieces of a statement in their order, and knows where a name is that of a table, type or routine. */
export class SchemaPlaces {
  readonly #pieces: Pieces
  readonly #isBody: boolean
  #levels: Level[] = [{ isQuery: true, list: undefined, isColumns: false }]
  /** `create trigger … on x`; a join has an ON too, but its statement begins otherwise. */
  #onAt: number | undefined

  constructor (pieces: Pieces, isBody: boolean) {
    this.#pieces = pieces
    this.#isBody = isBody
    const hasOn = !isBody && pieces.isAbout('create', 'alter', 'drop', 'grant', 'revoke') && pieces.isAbout('index', 'trigger', 'policy', 'rule', 'grant', 'revoke')
    this.#onAt = hasOn ? pieces.all.findIndex((_, at) => pieces.word(at) === 'on') : undefined
  }

  /** Takes note of the piece at this place; to be called for one after the other. */
  note (at: number): void {
    const piece = this.#pieces.all[at]
    const word = this.#pieces.word(at)
    if (piece?.kind === 'open') this.#levels.push({ isQuery: false, list: undefined, isColumns: this.#opensColumns() })
    else if (piece?.kind === 'close' && this.#levels.length > 1) this.#levels.pop()
    else if (piece?.path[0] === ';') this.#levels = [{ isQuery: true, list: undefined, isColumns: false }]
    else if (word !== undefined) this.#noteWord(at, word)
  }

  /** Returns the word that makes the name at this place one of a table, type or routine; `tables` or `objects` in a list of them. */
  introducer (at: number): string | undefined {
    let before = at - 1
    while (SKIPPED.has(this.#pieces.word(before) ?? '')) before--
    const piece = this.#pieces.all[before]
    if (piece?.kind === 'sign' && piece.path[0] === ',') return this.#level.list
    if (piece?.kind === 'open') return this.#pieces.word(before - 1) === 'inherits' ? 'inherits' : undefined
    const word = this.#pieces.word(before)
    if (word === undefined || word === 'from') return this.#isClause(before) ? word : undefined
    // In a routine a query may write into a variable: `select 1 into new.stage`.
    if (word === 'into' && this.#isBody) return ['insert', 'merge'].includes(this.#pieces.word(before - 1) ?? '') ? word : undefined
    if (word === 'using') return this.#pieces.isAbout('merge', 'delete') ? word : undefined
    if (word === 'on') return before === this.#onAt ? word : undefined
    if (word === 'to') return this.#pieces.isAbout('rule') && this.#onAt !== undefined && before === this.#onAt + 2 ? word : undefined
    return INTRODUCERS.has(word) ? word : undefined
  }

  /** Tells whether the name at this place is a type: behind `::`, or the second word of a column of CREATE TABLE. */
  isType (at: number): boolean {
    const [start, name] = [this.#pieces.all[at - 2], this.#pieces.all[at - 1]]
    if (name?.path[0] === ':' && start?.path[0] === ':') return true
    return this.#level.isColumns && name?.kind === 'name' && (start?.kind === 'open' || start?.path[0] === ',')
  }

  get #level (): Level {
    return this.#levels.at(-1) ?? { isQuery: true, list: undefined, isColumns: false }
  }

  #noteWord (at: number, word: string): void {
    const level = this.#level
    if (QUERIES.has(word)) level.isQuery = true
    if (LIST_ENDS.has(word)) level.list = undefined
    if (this.#isClause(at)) level.list = 'tables'
    else if (at === this.#onAt || (LISTED.has(word) && LIST_STATEMENTS.has(this.#pieces.word(0) ?? ''))) level.list = 'objects'
  }

  /** Tells whether this is a FROM that is followed by tables. */
  #isClause (at: number): boolean {
    const isDistinctFrom = this.#pieces.word(at - 1) === 'distinct' && ['is', 'not'].includes(this.#pieces.word(at - 2) ?? '')
    return this.#pieces.word(at) === 'from' && this.#level.isQuery && !isDistinctFrom
  }

  #opensColumns (): boolean {
    return this.#levels.length === 1 && this.#pieces.word(0) === 'create' && this.#pieces.isAbout('table')
  }
}
