// Where the pieces of an SQL text end. By character codes and without regular expressions: these loops see every
// character of texts that have megabytes.

const LETTER = 1
const DIGIT = 2
const DOLLAR = 3
const BLANK = 4

/** What PostgreSQL takes ASCII characters for. It knows no other blanks: a no-break space is a letter to it. */
const CLASSES = new Uint8Array(128)
for (const character of 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_') CLASSES[character.charCodeAt(0)] = LETTER
for (const character of '0123456789') CLASSES[character.charCodeAt(0)] = DIGIT
for (const character of ' \t\n\r\f\v') CLASSES[character.charCodeAt(0)] = BLANK
CLASSES['$'.charCodeAt(0)] = DOLLAR

const [LINE_FEED, RETURN, QUOTE, STAR, DASH, SLASH, BACKSLASH] = [10, 13, 39, 42, 45, 47, 92]

/** Tells whether a word may begin with this character. */
export function isLetter (code: number): boolean {
  return code > 127 || CLASSES[code] === LETTER
}

/** Returns where letters and digits end, and dollars if they count. */
export function endOfWord (sql: string, from: number, hasDollars = true): number {
  let at = from
  for (; at < sql.length; at++) {
    const code = sql.charCodeAt(at)
    if (code > 127) continue
    const kind = CLASSES[code]
    if (kind !== LETTER && kind !== DIGIT && !(hasDollars && kind === DOLLAR)) break
  }
  return at
}

/** Returns where white space and comments end. */
export function endOfSpace (sql: string, from: number): number {
  let at = from
  for (;;) {
    const afterBlanks = endOfBlanks(sql, at)
    const isComment = sql.charCodeAt(afterBlanks) === SLASH && sql.charCodeAt(afterBlanks + 1) === STAR
    if (!isComment) return afterBlanks
    at = endOfComment(sql, afterBlanks)
  }
}

/** Returns where white space and comments of one line end. */
function endOfBlanks (sql: string, from: number): number {
  let at = from
  for (; at < sql.length; at++) {
    const code = sql.charCodeAt(at)
    if (code === DASH && sql.charCodeAt(at + 1) === DASH) at = endOfLine(sql, at) - 1
    else if (code > 127 || CLASSES[code] !== BLANK) break
  }
  return at
}

function endOfLine (sql: string, from: number, to = sql.length): number {
  let at = from
  while (at < to && !isLineEnd(sql.charCodeAt(at))) at++
  return at
}

function isLineEnd (code: number): boolean {
  return code === LINE_FEED || code === RETURN
}

/** Comments nest in PostgreSQL. */
function endOfComment (sql: string, start: number): number {
  let depth = 0
  for (let at = start; at < sql.length; at++) {
    const code = sql.charCodeAt(at)
    if (code === SLASH && sql.charCodeAt(at + 1) === STAR) depth++
    else if (code === STAR && sql.charCodeAt(at + 1) === SLASH) depth--
    else continue
    at++
    if (depth === 0) return at + 1
  }
  return sql.length
}

/** Returns where a string or a quoted name ends; a doubled quote is one of its characters. */
export function endOfQuoted (sql: string, from: number, quote: string): number {
  for (let at = from; ; at += 2) {
    at = sql.indexOf(quote, at)
    if (at === -1) return sql.length
    if (sql.charAt(at + 1) !== quote) return at + 1
  }
}

/**
 * Returns where an E'' string ends. A string goes on behind a line end (`E'a'` newline `'b'`), and then in the same way:
 * a backslash escapes in its second line too, although that has no E.
 */
export function endOfEscapeString (sql: string, from: number): number {
  for (let at = from; at < sql.length; at++) {
    const code = sql.charCodeAt(at)
    if (code === BACKSLASH) at++
    else if (code === QUOTE && sql.charCodeAt(at + 1) === QUOTE) at++
    else if (code === QUOTE) {
      const next = endOfBlanks(sql, at + 1)
      if (sql.charCodeAt(next) !== QUOTE || endOfLine(sql, at + 1, next) === next) return at + 1
      at = next
    }
  }
  return sql.length
}

/** Returns where the dollar quote ends that begins here; undefined if none does. */
export function endOfDollarQuote (sql: string, start: number): number | undefined {
  const first = sql.charCodeAt(start + 1)
  const tagEnd = isLetter(first) ? endOfWord(sql, start + 1, false) : start + 1
  if (sql.charAt(tagEnd) !== '$') return undefined
  const tag = sql.slice(start, tagEnd + 1)
  const found = sql.indexOf(tag, tagEnd + 1)
  return found === -1 ? sql.length : found + tag.length
}
