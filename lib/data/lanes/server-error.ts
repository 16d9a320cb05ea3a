import { ContextRefusedError, DeadlineError, TenantMovedError } from '../../words/errors/index.ts'
import { CONTEXT_REFUSED_CODE, TENANT_MOVED_CODE } from '../../words/names.ts'
import { shownRoutine } from '../wire/index.ts'

/** Tells whether the server refused one statement and goes on with the connection. */
export function isServerError (error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && error.name === 'PostgresError' && 'severity' in error && error.severity === 'ERROR'
}

/** Returns what a caller gets to see: our own word for the server's, where we set the limit or the fence. */
export function visibleError (error: unknown): unknown {
  if (!isServerError(error)) return error
  if ('routine' in error && typeof error.routine === 'string') error.routine = shownRoutine(error.routine)
  if (error.code === TENANT_MOVED_CODE) return new TenantMovedError({ cause: error })
  if (error.code === CONTEXT_REFUSED_CODE) return new ContextRefusedError({ cause: error })
  return isStatementTimeout(error) ? new DeadlineError('statement', 'statement', { cause: error }) : error
}

/** The server stops a statement at our deadline by itself; a cancel by somebody else has the same code. */
function isStatementTimeout (error: Error & { readonly code: string }): boolean {
  return error.code === '57014' && error.message.includes('statement timeout')
}
