/** Tells whether the server refused one statement and goes on with the connection. */
export function isServerError (error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && error.name === 'PostgresError' && 'severity' in error && error.severity === 'ERROR'
}

/** The server stops a statement at our deadline by itself; a cancel by somebody else has the same code. */
export function isStatementTimeout (error: Error & { readonly code: string }): boolean {
  return error.code === '57014' && error.message.includes('statement timeout')
}
