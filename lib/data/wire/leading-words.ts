import { SqlPieces } from './sql-pieces.ts'

/**
 * Returns the first words of a statement, in lower case: at most `count`, after white space, comments, opening brackets
 * and empty statements. Fewer where the text goes on with something that is no word.
 *
 * Block comments nest, as in PostgreSQL: in `/* /* *\/ commit -- *\/ select 1` the first word is `select`.
 */
export function leadingWords (text: string, count: number): readonly string[] {
  const words: string[] = []
  const pieces = new SqlPieces(text)
  while (words.length < count && pieces.next()) {
    if (pieces.kind === 'word') words.push(pieces.word)
    else if (pieces.kind === 'other' || pieces.kind === 'close') break
  }
  return words
}
