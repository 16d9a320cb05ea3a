const STRING = /"(?:[^"\\]|\\.)*"/y
const COLON = /\s*:/y

/**
 * Tells whether an object in `json` has the same key twice. JSON.parse takes the last one and other parsers the first, so
 * a gateway and this service could see two different tenants in one token. `json` has to be valid JSON.
 */
export function hasRepeatedKeys (json: string): boolean {
  const levels: Array<Set<string>> = []
  for (let at = 0; at < json.length; at++) {
    const character = json[at]
    if (character === '{' || character === '[') levels.push(new Set())
    else if (character === '}' || character === ']') levels.pop()
    else if (character === '"') {
      const text = match(STRING, json, at)
      at += text.length - 1
      if (match(COLON, json, at + 1) === '') continue
      const keys = levels.at(-1)
      const key = plain(text)
      if (keys === undefined || keys.has(key)) return true
      keys.add(key)
    }
  }
  return false
}

/** `"\u0074enant_id"` and `"tenant_id"` are one key. */
function plain (text: string): string {
  return text.includes('\\') ? String(JSON.parse(text)) : text.slice(1, -1)
}

function match (pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? ''
}
