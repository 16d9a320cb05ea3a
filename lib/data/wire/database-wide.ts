import { SqlPieces } from './sql-pieces.ts'

/** What a function reaches that belongs to the whole database. */
export type DatabaseWide = 'channels' | 'largeObjects'

const MENTIONED = /pg_notify|\blo_|\bloread\b|\blowrite\b|pg_largeobject/i
const LARGE_OBJECTS = /^(lo_(creat|create|open|close|lseek|lseek64|tell|tell64|truncate|truncate64|unlink|export|import|get|put|from_bytea)|loread|lowrite|pg_largeobject(_metadata)?)$/

/**
 * Returns what a text reaches beyond every tenant by naming a function, such as `pg_notify` (G-03) or `lo_get` (G-05).
 * Names in strings, comments and bodies of functions do not count: what is there is not called by this text.
 */
export function databaseWideOf (text: string): DatabaseWide | undefined {
  if (!MENTIONED.test(text)) return undefined
  const pieces = new SqlPieces(text)
  while (pieces.nextSolid()) {
    const name = pieces.kind === 'word' ? pieces.word : unquoted(pieces.text)
    if (name === 'pg_notify') return 'channels'
    if (LARGE_OBJECTS.test(name)) return 'largeObjects'
  }
  return undefined
}

function unquoted (piece: string): string {
  return piece.startsWith('"') ? piece.slice(1, -1) : ''
}
