/**
 * A queue that serves its keys in turn: one waiter of the first key, then one of the next. A tenant with ten thousand
 * waiters delays another's single one by one of its own.
 */
export class FairQueue<T> {
  readonly #waiters = new Map<string, T[]>()
  #length = 0

  get length (): number {
    return this.#length
  }

  /** Tells whether somebody waits in this line. */
  has (key: string): boolean {
    return this.#waiters.has(key)
  }

  push (key: string, waiter: T): void {
    const waiters = this.#waiters.get(key)
    if (waiters === undefined) this.#waiters.set(key, [waiter])
    else waiters.push(waiter)
    this.#length++
  }

  /** Takes out the waiter whose turn it is, of a key that may be served. */
  shift (mayServe: (key: string) => boolean = () => true): { readonly key: string, readonly waiter: T } | undefined {
    for (const [key, waiters] of this.#waiters) {
      const waiter = mayServe(key) ? waiters.shift() : undefined
      if (waiter === undefined) continue
      // A Map keeps the order of insertion: put in again, the key is the last.
      this.#waiters.delete(key)
      if (waiters.length > 0) this.#waiters.set(key, waiters)
      this.#length--
      return { key, waiter }
    }
    return undefined
  }

  /**
   * Takes out the newest waiter of the longest line, if that is longer than the line of `key`: room for one who has not
   * had a turn. Undefined if `key` has the longest line itself.
   */
  makeRoomFor (key: string): T | undefined {
    const own = this.#waiters.get(key)?.length ?? 0
    let longest: string | undefined
    let most = own
    for (const [other, waiters] of this.#waiters) if (waiters.length > most) [longest, most] = [other, waiters.length]
    const waiters = longest === undefined ? undefined : this.#waiters.get(longest)
    const waiter = waiters?.at(-1)
    if (longest === undefined || waiter === undefined) return undefined
    this.remove(longest, waiter)
    return waiter
  }

  /** Returns the first waiter that `is` is true of. */
  find (is: (waiter: T) => boolean): T | undefined {
    for (const waiters of this.#waiters.values()) {
      const found = waiters.find(is)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** Takes out the waiters at the head of each line that `isDue` is true of. */
  takeWhile (isDue: (waiter: T) => boolean): readonly T[] {
    const taken: T[] = []
    for (const [key, waiters] of this.#waiters) {
      const stays = waiters.findIndex((waiter) => !isDue(waiter))
      const gone = waiters.splice(0, stays === -1 ? waiters.length : stays)
      this.#length -= gone.length
      taken.push(...gone)
      if (waiters.length === 0) this.#waiters.delete(key)
    }
    return taken
  }

  /** Takes out one waiter that gave up. */
  remove (key: string, waiter: T): void {
    const waiters = this.#waiters.get(key) ?? []
    const at = waiters.lastIndexOf(waiter)
    if (at === -1) return
    waiters.splice(at, 1)
    if (waiters.length === 0) this.#waiters.delete(key)
    this.#length--
  }
}
