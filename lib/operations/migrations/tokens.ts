/** A piece of SQL text, as far as it matters where statements begin and end. */
export interface Token {
  /** `space` is white space and comments; `other` is strings, quoted names, numbers and operators. */
  readonly kind: 'space' | 'word' | 'open' | 'close' | 'semicolon' | 'other'
  readonly text: string
}

const WHITE = /\s+/y
const LINE_COMMENT = /--[^\r\n]*/y
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y
const NUMBER = /\d[\w.$]*/y
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y
// Each ends with its quote or with the text; in "unrolled" loops, which long strings do not exhaust.
const ESCAPE_STRING = /[eE]'[^'\\]*(?:(?:\\[\s\S]|'')[^'\\]*)*(?:'|\\?$)/y
const STRING = /(?:[bBxXnN]|[uU]&)?'[^']*(?:''[^']*)*(?:'|$)/y
const QUOTED_NAME = /(?:[uU]&)?"[^"]*(?:""[^"]*)*(?:"|$)/y

/** The simple patterns in the order in which they are tried: a string's prefix looks like a word. */
const PATTERNS = [
  ['space', WHITE],
  ['space', LINE_COMMENT],
  ['other', ESCAPE_STRING],
  ['other', STRING],
  ['other', QUOTED_NAME],
  ['word', WORD],
  ['other', NUMBER]
] as const

const PUNCTUATION: Readonly<Record<string, Token['kind']>> = { '(': 'open', ')': 'close', ';': 'semicolon' }

/**
 * Takes SQL text apart as PostgreSQL's own lexer does: strings, dollar quotes and nested comments are one piece each.
 * What has no end runs to the end of the text; the server says what is wrong with it.
 */
export function * tokensOf (sql: string): Generator<Token> {
  let at = 0
  while (at < sql.length) {
    const token = tokenAt(sql, at)
    yield token
    at += token.text.length
  }
}

function tokenAt (sql: string, at: number): Token {
  if (sql.startsWith('/*', at)) return { kind: 'space', text: sql.slice(at, endOfComment(sql, at)) }
  const tag = match(DOLLAR_TAG, sql, at)
  if (tag !== undefined) return { kind: 'other', text: sql.slice(at, endAfter(sql, tag, at + tag.length)) }
  for (const [kind, pattern] of PATTERNS) {
    const text = match(pattern, sql, at)
    if (text !== undefined) return { kind, text }
  }
  const character = sql.charAt(at)
  return { kind: PUNCTUATION[character] ?? 'other', text: character }
}

function match (pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(sql)?.[0]
}

function endAfter (sql: string, text: string, from: number): number {
  const found = sql.indexOf(text, from)
  return found === -1 ? sql.length : found + text.length
}

/** Comments nest in PostgreSQL. */
function endOfComment (sql: string, start: number): number {
  let depth = 0
  for (let at = start; at < sql.length; at++) {
    const two = sql.slice(at, at + 2)
    if (two === '/*') depth++
    else if (two === '*/') depth--
    else continue
    at++
    if (depth === 0) return at + 1
  }
  return sql.length
}
