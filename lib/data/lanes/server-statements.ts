import type { Description } from '../wire/index.ts'
import type { Statement } from './statements.ts'

/** A statement that one connection has prepared. */
export interface ServerStatement {
  readonly name: string
  /** Undefined until the server has confirmed it. */
  description: Description | undefined
}

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
  #bytes = 0
  #count = 0

  get size (): number {
    return this.#prepared.size
  }

  get (statement: Statement): ServerStatement | undefined {
    const found = this.#prepared.get(statement)
    if (found === undefined) return undefined
    this.#prepared.delete(statement)
    this.#prepared.set(statement, found)
    return found
  }

  /** Gives `statement` a new name, and returns it with the names that have to be closed to make room. */
  add (statement: Statement): { readonly server: ServerStatement, readonly closed: readonly string[] } {
    const server: ServerStatement = { name: `s${(this.#count++).toString(36)}`, description: undefined }
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
    for (const [statement, server] of this.#prepared) {
      if (this.#prepared.size <= MAX_STATEMENTS && (this.#bytes <= MAX_BYTES || this.#prepared.size === 1)) break
      // One that is on its way is not known to be there.
      if (server.description === undefined) continue
      this.delete(statement, server)
      closed.push(server.name)
    }
    return closed
  }
}

function bytesOf (statement: Statement): number {
  return STATEMENT_BYTES + BYTES_PER_TEXT_BYTE * statement.text.body.length
}
