import { BACKEND, bareRun, parseBody } from './messages.ts'

/** What begins a transaction, in one piece with its first statement: if it fails, the server skips the statement too. */
export interface TransactionOpening {
  /** What stands in front of a statement of the extended protocol. */
  readonly request: Buffer
  readonly replies: readonly number[]
  /** The text with the words that `begin` takes, such as `read only`. */
  textWith (options: string): string
}

const { bindComplete, commandComplete, parseComplete } = BACKEND

/**
 * Returns what begins a transaction. With `limits`, in milliseconds, it brings its own: where a pooler stands in between,
 * a connection cannot be opened with them.
 */
export function transactionOpening (limits: { readonly statement: number, readonly transaction: number } | undefined): TransactionOpening {
  const settings = limits === undefined
    ? []
    : [`set local statement_timeout=${limits.statement}`, `set local idle_in_transaction_session_timeout=${limits.transaction}`]
  const statements = ['begin', ...settings]
  return {
    request: Buffer.concat(statements.map((text) => bareRun(parseBody(text)))),
    replies: statements.flatMap(() => [parseComplete, bindComplete, commandComplete]),
    textWith: (options) => [`begin ${options}`, ...settings].join(';')
  }
}
