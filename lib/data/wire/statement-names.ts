import { SqlPieces } from './sql-pieces.ts'

const CLIENT = new Set(['stdin', 'stdout'])
const PLAIN_NAME = /^"\w+"$/

/**
 * Returns the words and names of a statement, in its order: words in lower case, quoted names with their quotes, and one
 * dot for whatever stands between: strings, numbers, signs, and names that nothing built-in has. So a word of the result
 * is a word to the server too, and never part of a string or a comment.
 */
export function namesIn (text: string): readonly string[] {
  const names: string[] = []
  const pieces = new SqlPieces(text)
  let last = ''
  while (pieces.nextSolid()) {
    const name = pieces.word || nameOf(pieces)
    if (name !== '.' || last !== '.') names.push(name)
    last = name
  }
  return names
}

function nameOf ({ start, end, text }: SqlPieces): string {
  if (end === start + 1) return '.'
  if (/^u&"/i.test(text)) return 'u&""'
  return PLAIN_NAME.test(text) ? text : '.'
}

/** Tells whether a COPY goes to the client: its first FROM or TO outside brackets decides, and both are reserved words. */
export function isStreamed (copy: string): boolean {
  const pieces = new SqlPieces(copy)
  let brackets = 0
  while (pieces.nextSolid()) {
    if (pieces.kind === 'open') brackets++
    else if (pieces.kind === 'close') brackets--
    else if (brackets === 0 && (pieces.word === 'from' || pieces.word === 'to')) return pieces.nextSolid() && CLIENT.has(pieces.word)
  }
  return false
}
