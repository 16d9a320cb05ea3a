/** How many are worked on at once, and whether the first failure ends it. */
export interface EachOptions {
  readonly concurrency: number
  readonly stopOnError: boolean
}

/** What came of one item. */
export type Outcome<I, T> = { readonly item: I, readonly value: T } | { readonly item: I, readonly error: Error }

/** Calls `fn` with each item, a few at once, and returns what came of each that was begun, in the order of the items. */
export async function inParallel<I, T> (items: readonly I[], { concurrency, stopOnError }: EachOptions, fn: (item: I) => Promise<T>): Promise<ReadonlyArray<Outcome<I, T>>> {
  const outcomes: Array<Outcome<I, T>> = []
  const queue = items.entries()
  let isStopped = false
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (isStopped) return
      const outcome = await outcomeOf(item, fn)
      outcomes[index] = outcome
      if (stopOnError && 'error' in outcome) isStopped = true
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, work))
  return outcomes.filter((outcome) => outcome !== undefined)
}

async function outcomeOf<I, T> (item: I, fn: (item: I) => Promise<T>): Promise<Outcome<I, T>> {
  try {
    return { item, value: await fn(item) }
  } catch (cause) {
    return { item, error: cause instanceof Error ? cause : new Error('it was rejected with what is no error', { cause }) }
  }
}
