import { DeadlineError } from '../../words/errors.ts'

/** Tells whether the server refused one statement and goes on with the connection. */
export function isServerError (error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && error.name === 'PostgresError' && 'severity' in error && error.severity === 'ERROR'
}

/** Returns what a caller gets to see: our own word for the server's, where we set the limit. */
export function visibleError (error: unknown): unknown {
  return isServerError(error) && isStatementTimeout(error) ? new DeadlineError('statement', 'statement', { cause: error }) : error
}

/** The server stops a statement at our deadline by itself; a cancel by somebody else has the same code. */
function isStatementTimeout (error: Error & { readonly code: string }): boolean {
  return error.code === '57014' && error.message.includes('statement timeout')
}
