import { ContextRefusedError, DeadlineError, TenantMovedError } from '../../words/errors/index.ts'
import { CONTEXT_REFUSED_CODE, TENANT_MOVED_CODE } from '../../words/names.ts'
import { shownRoutine } from '../wire/index.ts'
import type { LaneQuery } from './lane-query.ts'

/** What a lane knows of why a statement failed; the caller gets to see it rather than what the driver says. */
export interface Failure {
  reason: Error | undefined
}

/** Returns what `query` fails with; one for each, because an error may come when its lane has the next one. Calls `doubt` when the lane is not to be used again. */
export function judgedFailure (query: LaneQuery, doubt: () => void): Failure {
  const failure: Failure = { reason: undefined }
  query.judgeErrors((error) => {
    // A value that could not be sent, or a row that could not be read: what the driver is up to is not known (D-06).
    if (!isServerError(error)) doubt()
    return failure.reason ?? visibleError(error)
  })
  return failure
}

/** Tells whether the server refused one statement and goes on with the connection. */
export function isServerError (error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && error.name === 'PostgresError' && 'severity' in error && error.severity === 'ERROR'
}

/** Returns what a caller gets to see: our own word for the server's, where we set the limit or the fence. */
function visibleError (error: unknown): unknown {
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
