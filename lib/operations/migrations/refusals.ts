import type { MigrationStatement } from './statements.ts'

const TRANSACTION_WORDS = new Set(['begin', 'start', 'commit', 'end', 'rollback', 'abort', 'savepoint', 'release'])

/** Returns why a statement may not stand in a migration, or undefined if it may. */
export function refusalOf ({ words }: MigrationStatement): string | undefined {
  const [first = '', second = ''] = words
  if (TRANSACTION_WORDS.has(first) || (first === 'prepare' && second === 'transaction')) {
    return `it holds ${first.toUpperCase()}: leave transaction control out, each tenant's migrations are one transaction already.`
  }
  // The driver would wait for rows that never come.
  if (first === 'copy' && (words.includes('stdin') || words.includes('stdout'))) {
    return 'it holds COPY with STDIN or STDOUT: write INSERT statements instead.'
  }
  if ((first === 'set' || first === 'reset') && (words.includes('role') || words.includes('authorization'))) {
    return `it holds ${first.toUpperCase()} of the role: the owner has to own what migrations create.`
  }
  return undefined
}
