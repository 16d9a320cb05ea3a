import type { MigrationStatement } from './statements.ts'

const TRANSACTION_WORDS = new Set(['begin', 'start', 'commit', 'end', 'rollback', 'abort', 'savepoint', 'release'])

/** What migrations may name besides the tenant's own schema. */
export interface MigrationPlace {
  readonly extensionsSchema: string
}

/** Returns why a statement may not stand in a migration, or undefined if it may. */
export function refusalOf (statement: MigrationStatement, { extensionsSchema }: MigrationPlace): string | undefined {
  const { words } = statement
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
  // It is one for the whole database: in the schema of the first tenant, no other could use it or make its own.
  if (first === 'create' && second === 'extension' && !isForEveryone(statement, extensionsSchema)) {
    return `it holds CREATE EXTENSION: run it once as the administrator, or write "create extension if not exists … schema ${extensionsSchema}".`
  }
  return undefined
}

/** Tells whether CREATE EXTENSION can run for one tenant after the other, and puts what it makes where all find it. */
function isForEveryone ({ text, words }: MigrationStatement, extensionsSchema: string): boolean {
  const at = words.lastIndexOf('schema')
  const isThere = words[at + 1] === extensionsSchema || /\bschema\s+"([^"]*)"/i.exec(text)?.[1] === extensionsSchema
  return words.slice(2, 5).join(' ') === 'if not exists' && at !== -1 && isThere
}
