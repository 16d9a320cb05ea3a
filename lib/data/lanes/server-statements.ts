import type { Description } from '../wire/index.ts'
import type { SchemaAge } from './schema-age.ts'
import type { Statement } from './statements.ts'

/** Who says how old the tables are. */
export type TableAge = Pick<SchemaAge, 'current'>

/** A statement that one connection has prepared. */
export interface ServerStatement {
  readonly name: string
  /** Undefined until the server has confirmed it. */
  description: Description | undefined
  /** The transaction that the connection was in when it was prepared, as {@link ServerStatements.transaction} counts them. */
  readonly transaction: number
  /** How old the tables were then; undefined where they may have been about to change. */
  readonly age: string | undefined
  /** When it was used last, as {@link ServerStatements} counts. */
  used: number
  /** How often it was run there. */
  runs: number
}

/** PostgreSQL plans a statement anew for so many runs before it keeps a plan. */
const PLANNED_ANEW = 5

/** Tells whether running it takes the time of making a plan too. */
export function isPlannedAnew ({ runs }: ServerStatement): boolean {
  return runs <= PLANNED_ANEW
}

/** A statement, and when it was used last as it was ranked. */
interface Ranked {
  readonly statement: Statement
  readonly server: ServerStatement
  readonly used: number
}

/** So many are ranked at once. */
const RANKED = 200
const MAX_STATEMENTS = 2_000
const MAX_BYTES = 48 * 1024 * 1024
/** What a server keeps for a small statement, and for each byte of text. */
const STATEMENT_BYTES = 12 * 1024
const BYTES_PER_TEXT_BYTE = 40

/**
 * The statements that one connection has prepared, by statement and so by shape: a name shared by two schemas would be
 * planned anew each time the path changes. Bounded by their number and by the memory that the server needs for them; the
 * one that was used longest ago goes first.
 */
export class ServerStatements {
  readonly #prepared = new Map<Statement, ServerStatement>()
  readonly #toClose: string[] = []
  /** How many transactions the connection has ended. */
  transaction = 0
  readonly #age: TableAge
  #bytes = 0
  #count = 0
  #uses = 0
  /** Those that had not been used for the longest time when they were ranked, the oldest at the end; whoever was used since is none of them. */
  #oldest: Ranked[] = []

  constructor (age: TableAge) {
    this.#age = age
  }

  get size (): number {
    return this.#prepared.size
  }

  get (statement: Statement): ServerStatement | undefined {
    const found = this.#prepared.get(statement)
    if (found !== undefined) found.used = ++this.#uses
    return found
  }

  /**
   * Whether a transaction that is under way may use what was prepared: in it, so that it holds its tables as they are, or
   * since the tables changed last. What a migration has outdated fails there with all that was done, and nobody can repeat it (D-08).
   */
  fitsTransaction ({ transaction, age }: ServerStatement): boolean {
    return transaction === this.transaction || (age !== undefined && age === this.#age.current)
  }

  /** Gives `statement` a new name, and returns it with the names that have to be closed to make room. */
  add (statement: Statement): { readonly server: ServerStatement, readonly closed: readonly string[] } {
    const server: ServerStatement = { name: `s${(this.#count++).toString(36)}`, description: undefined, transaction: this.transaction, age: this.#age.current, used: ++this.#uses, runs: 0 }
    this.#prepared.set(statement, server)
    this.#bytes += bytesOf(statement)
    return { server, closed: [...this.#toClose.splice(0), ...this.#makeRoom()] }
  }

  /** Forgets `server`, unless `statement` has another one by now. */
  delete (statement: Statement, server: ServerStatement): boolean {
    if (this.#prepared.get(statement) !== server) return false
    this.#prepared.delete(statement)
    this.#bytes -= bytesOf(statement)
    return true
  }

  /** Forgets `server` because it no longer fits its tables; its name is closed with the next statement that is prepared. */
  drop (statement: Statement, server: ServerStatement): void {
    if (this.delete(statement, server) && server.description !== undefined) this.#toClose.push(server.name)
  }

  #makeRoom (): readonly string[] {
    const closed: string[] = []
    while (this.#prepared.size > MAX_STATEMENTS || (this.#bytes > MAX_BYTES && this.#prepared.size > 1)) {
      const oldest = this.#takeOldest()
      if (oldest === undefined) break
      this.delete(oldest.statement, oldest.server)
      closed.push(oldest.server.name)
    }
    return closed
  }

  /** Ranked when it is needed: a list in the order of use would cost every statement more than this one. */
  #takeOldest (): Ranked | undefined {
    for (let isRanked = false; ; isRanked = true) {
      for (let one = this.#oldest.pop(); one !== undefined; one = this.#oldest.pop()) {
        if (one.used === one.server.used && this.#prepared.get(one.statement) === one.server) return one
      }
      if (isRanked) return undefined
      this.#oldest = this.#rank()
    }
  }

  /** Without those that are on their way: they are not known to be there. */
  #rank (): Ranked[] {
    const known = [...this.#prepared].filter(([, { description }]) => description !== undefined)
    return known.map(([statement, server]) => ({ statement, server, used: server.used })).sort((a, b) => b.used - a.used).slice(-RANKED)
  }
}

function bytesOf (statement: Statement): number {
  return STATEMENT_BYTES + BYTES_PER_TEXT_BYTE * statement.text.body.length
}
