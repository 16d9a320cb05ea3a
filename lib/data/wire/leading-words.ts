const BLANK = /[\s;(]/
const WORD = /[A-Za-z_]/

/**
 * Returns the first words of a statement, in lower case: at most `count`, after white space, comments, opening brackets
 * and empty statements. Fewer where the text goes on with something that is no word.
 *
 * Block comments nest, as in PostgreSQL: in `/* /* *\/ commit -- *\/ select 1` the first word is `select`.
 */
export function leadingWords (text: string, count: number): readonly string[] {
  const words: string[] = []
  let at = skipBlank(text, 0)
  while (words.length < count && WORD.test(text.charAt(at))) {
    const start = at
    while (/\w/.test(text.charAt(at))) at++
    words.push(text.slice(start, at).toLowerCase())
    at = skipBlank(text, at)
  }
  return words
}

function skipBlank (text: string, from: number): number {
  let at = from
  for (;;) {
    if (text.startsWith('--', at)) at = endOfLine(text, at)
    else if (text.startsWith('/*', at)) at = endOfComment(text, at)
    else if (BLANK.test(text.charAt(at))) at++
    else return at
  }
}

function endOfLine (text: string, from: number): number {
  const offset = text.slice(from).search(/[\r\n]/)
  return offset === -1 ? text.length : from + offset
}

function endOfComment (text: string, from: number): number {
  let depth = 0
  let at = from
  do {
    if (text.startsWith('/*', at)) [depth, at] = [depth + 1, at + 2]
    else if (text.startsWith('*/', at)) [depth, at] = [depth - 1, at + 2]
    else at++
  } while (depth > 0 && at < text.length)
  return at
}
