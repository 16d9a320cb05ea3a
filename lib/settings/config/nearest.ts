/** Returns the word that is nearest to `name`, or undefined if none is near enough to be a misspelling of it. */
export function nearest (name: string, words: readonly string[]): string | undefined {
  let best: string | undefined
  let least = Math.max(1, Math.floor(name.length / 3))
  for (const word of words) {
    const distance = editDistance(name.toLowerCase(), word.toLowerCase())
    if (distance <= least) [best, least] = [word, distance - 1]
  }
  return best
}

/** Levenshtein's distance, row by row. */
function editDistance (a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
