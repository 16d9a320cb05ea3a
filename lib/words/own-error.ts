/** Tells whether an error is one of this package's, which says by itself what to do next. */
export function isOwnError (error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('FST_TENANCY_')
}
