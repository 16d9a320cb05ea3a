import { findSchemaName } from './qualified.ts'
import type { MigrationStatement } from './statements.ts'

const TRANSACTION_WORDS = new Set(['begin', 'start', 'commit', 'end', 'rollback', 'abort', 'savepoint', 'release'])

/** What migrations may name besides the schema that they run in. */
export interface MigrationPlace {
  readonly extensionsSchema: string
  /** The schema whose tables tenant migrations may read and refer to. */
  readonly sharedSchema?: string
}

/** Returns why a statement may not stand in a migration, with its line, or undefined if it may. */
export function refusalOf (statement: MigrationStatement, place: MigrationPlace): string | undefined {
  const reason = kindRefusal(statement, place)
  return reason === undefined ? schemaRefusal(statement, place) : `line ${statement.line}: ${reason}`
}

/** A schema in a file would be the same one for every tenant. */
function schemaRefusal ({ text, line }: MigrationStatement, { extensionsSchema, sharedSchema }: MigrationPlace): string | undefined {
  const everywhere = new Set(['pg_catalog', 'information_schema', extensionsSchema])
  const found = findSchemaName(text, { everywhere, readable: new Set(sharedSchema === undefined ? [] : [sharedSchema]) })
  if (found === undefined) return undefined
  const where = `line ${line + found.line}:`
  if (found.what === 'path') return `${where} it changes search_path: leave it out, every tenant's migrations run with the path of that tenant.`
  if (found.what === 'schema') return `${where} it makes, changes or names a schema: leave it out, every tenant's migrations run in the schema of that tenant.`
  return `${where} it has a schema in front of a name: leave the schema out. ${[...everywhere].join(', ')} may be named${sharedSchema === undefined ? '' : `, and ${sharedSchema} where rows are read or referred to`}.`
}

function kindRefusal (statement: MigrationStatement, { extensionsSchema }: MigrationPlace): string | undefined {
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
