import { tokensOf } from './tokens.ts'

/** A word, a name with its dots, a string, a bracket or another sign of SQL text, and where it begins. */
export interface Piece {
  readonly kind: 'name' | 'string' | 'open' | 'close' | 'sign'
  /** The parts of a name, unquoted ones in lower case; of anything else one text. */
  readonly path: readonly [string, ...string[]]
  /** Whether it is one word without quotes, so that it may be a key word. */
  readonly isWord: boolean
  /** The number of line ends in front of it. */
  readonly line: number
  /** Where it begins in the text. */
  readonly at: number
  /** Where the second part of a name begins. */
  readonly rest?: number
}

const DOLLAR_QUOTED = /^\$[^$]*\$/
const QUOTED = /^(?:u&)?"/i
const STRING = /^(?:[en]|u&)?'/i

/** `a . "B"` is one name of two parts, and what is in a dollar-quoted text is one string. */
function piecesOf (sql: string): readonly Piece[] {
  const pieces: Piece[] = []
  let line = 0
  let at = 0
  let hasDot = false
  for (const { kind, text } of tokensOf(sql)) {
    const last = pieces.at(-1)
    const name = kind === 'word' ? text.toLowerCase() : QUOTED.test(text) ? unquote(text) : hasDot && text === '*' ? text : undefined
    if (name !== undefined && hasDot && last !== undefined) pieces[pieces.length - 1] = { ...last, path: [...last.path, name], isWord: false, rest: last.rest ?? at }
    else if (name !== undefined) pieces.push({ kind: 'name', path: [name], isWord: kind === 'word', line, at })
    else if (kind !== 'space' && !(text === '.' && last?.kind === 'name')) pieces.push(pieceOf(kind, text, line, at))
    if (kind !== 'space') hasDot = text === '.' && last?.kind === 'name'
    line += lineEnds(text)
    at += text.length
  }
  return pieces
}

function pieceOf (kind: string, text: string, line: number, at: number): Piece {
  if (kind === 'open' || kind === 'close') return { kind, path: [text], isWord: false, line, at }
  const isString = STRING.test(text) || DOLLAR_QUOTED.test(text)
  return { kind: isString ? 'string' : 'sign', path: [isString ? contentOf(text) : text], isWord: false, line, at }
}

/** The pieces of one statement, or of the body of a routine. */
export class Pieces {
  readonly all: readonly Piece[]

  constructor (sql: string) {
    this.all = piecesOf(sql)
  }

  /** Returns the word at a place; undefined where a name is quoted or has dots, or where there is something else. */
  word (at: number): string | undefined {
    const piece = this.all[at]
    return piece?.isWord === true ? piece.path[0] : undefined
  }

  /** Tells whether one of the first four words, which say what a statement is about, is one of these. */
  isAbout (...words: readonly string[]): boolean {
    return [0, 1, 2, 3].some((at) => words.includes(this.word(at) ?? ''))
  }
}

/** Returns how many lines end in a text. */
export function lineEnds (text: string): number {
  return text.split('\n').length - 1
}

function unquote (text: string): string {
  return text.replace(QUOTED, '').replace(/"$/, '').replaceAll('""', '"')
}

function contentOf (text: string): string {
  const tag = DOLLAR_QUOTED.exec(text)?.[0]
  if (tag !== undefined) return text.slice(tag.length, text.endsWith(tag) ? -tag.length : undefined)
  return text.replace(STRING, '').replace(/'$/, '').replaceAll("''", "'")
}
