/** A piece of a file that is text of a string or template, without its quotes. */
export interface TextPart {
  readonly from: number
  readonly to: number
}

const ESCAPE = /\\(?:u\{[^}]*\}|u[\da-fA-F]{4}|x[\da-fA-F]{2}|\r\n|[^])/g
const KEPT = new Set(['\'', '"', '`', '\\', '$', '{', '/', '\n'])

/**
 * Returns the text that strings and templates between two offsets give, as long as the source: escapes and quotes become
 * spaces, and what is only known when the code runs becomes `filler`: one character as often as it takes, a word once.
 */
export function maskedText (source: string, range: TextPart, parts: readonly TextPart[], filler: string): string {
  let text = ''
  let at = range.from
  for (const { from, to } of parts) {
    text += between(source.slice(at, from), filler) + source.slice(from, to).replace(ESCAPE, unescaped)
    at = to
  }
  return text + between(source.slice(at, range.to), filler)
}

/** An escape as the character that it is, or as white space, in the same length. */
function unescaped (escape: string): string {
  const last = escape.at(-1) ?? ' '
  return ' '.repeat(escape.length - 1) + (KEPT.has(last) ? last : ' ')
}

/** Code between two texts: nothing of it is text, and its lines stay. */
function between (code: string, filler: string): string {
  const blank = code.replaceAll(/[^\n\r]/g, ' ')
  // Quotes and a plus between two strings are no value.
  if (/^[\s'"`+()]*$/.test(code)) return blank
  return filler.length === 1 ? filler.repeat(code.length) : filler + blank.slice(filler.length)
}
