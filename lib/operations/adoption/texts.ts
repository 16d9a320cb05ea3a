/** A text in the code, such as a template of SQL, and the line that it begins in. */
export interface CodeText {
  readonly text: string
  readonly line: number
}

const QUOTES = new Set(['\'', '"', '`'])

/**
 * Returns the texts of TypeScript or JavaScript. What stands in `${…}` of a template is left out, and its own texts are texts
 * by themselves; regular expressions are not known, which at worst makes a text too many.
 */
export function textsOf (code: string): readonly CodeText[] {
  const found: CodeText[] = []
  let line = 1
  /** Brackets that are open in each `${…}` around this place, with the template to go on with. */
  const templates: Array<{ depth: number, text: string, line: number }> = []
  for (let at = 0; at < code.length; at++) {
    const character = code.charAt(at)
    const open = templates.at(-1)
    if (code.startsWith('//', at)) at = endOf(code, '\n', at) - 1
    else if (code.startsWith('/*', at)) {
      const end = endOf(code, '*/', at + 2)
      line += linesIn(code.slice(at, end))
      at = end + 1
    } else if (character === '\n') line++
    else if (open !== undefined && character === '{') open.depth++
    else if (open !== undefined && character === '}' && open.depth > 0) open.depth--
    else if (QUOTES.has(character) || (open !== undefined && character === '}')) {
      const isGoingOn = character === '}'
      const quote = isGoingOn ? '`' : character
      const start = isGoingOn && open !== undefined ? { text: `${open.text}$1`, line: open.line } : { text: '', line }
      if (isGoingOn) templates.pop()
      const end = endOfText(code, at + 1, quote)
      const text = start.text + code.slice(at + 1, end.at)
      line += linesIn(code.slice(at, end.at))
      if (end.isHole) templates.push({ depth: 0, text, line: start.line })
      else found.push({ text, line: start.line })
      at = end.next
    }
  }
  return found
}

/** Where a text ends: at its quote, at the end of the line for quotes that end there, or at a hole of a template; and where the code goes on. */
function endOfText (code: string, from: number, quote: string): { readonly at: number, readonly next: number, readonly isHole: boolean } {
  for (let at = from; at < code.length; at++) {
    const character = code.charAt(at)
    if (character === '\\') at++
    else if (character === quote || (character === '\n' && quote !== '`')) return { at, next: character === '\n' ? at - 1 : at, isHole: false }
    else if (quote === '`' && code.startsWith('${', at)) return { at, next: at + 1, isHole: true }
  }
  return { at: code.length, next: code.length, isHole: false }
}

function endOf (code: string, what: string, from: number): number {
  const found = code.indexOf(what, from)
  return found === -1 ? code.length : found
}

function linesIn (text: string): number {
  return text.split('\n').length - 1
}
