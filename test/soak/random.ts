/** Choices that are the same for the same seed. */
export interface Random {
  /** A number from 0 to below `limit`. */
  below (limit: number): number
  pick<T> (items: readonly [T, ...T[]]): T
  shuffled<T> (items: readonly T[]): T[]
  /** Others that do not depend on how often this one is asked. */
  fork (name: string): Random
}

/** Returns the choices of a seed (mulberry32, which is small and good enough for choices). */
export function randomOf (seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    below,
    pick: (items) => items[below(items.length)] ?? items[0],
    shuffled: (items) => items.map((item) => ({ item, at: next() })).sort((a, b) => a.at - b.at).map(({ item }) => item),
    fork: (name) => randomOf([...name].reduce((hash, letter) => Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 16777619), seed ^ 0x811c9dc5))
  }
}

/** Returns items one after the other, each as often as every other one. */
export function deckOf<T> (items: readonly T[], random: Random): () => T {
  let deck: T[] = []
  return () => {
    if (deck.length === 0) deck = random.shuffled(items)
    const item = deck.pop()
    if (item === undefined) throw new Error('there is nothing to choose from')
    return item
  }
}
