/**
 * A bounded map that drops what was used longest ago, and believes nothing older than `maxAge` milliseconds. `since` is when
 * an entry was asked for: it may have changed at any time after that.
 */
export class Recent<V extends { readonly since: number }> {
  readonly #entries = new Map<string, V>()
  readonly #maxAge: number
  readonly #maxSize: number

  constructor (maxAge: number, maxSize: number) {
    this.#maxAge = maxAge
    this.#maxSize = maxSize
  }

  get size (): number {
    return this.#entries.size
  }

  /** `now` as performance.now() has it. */
  get (key: string, now: number): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (now - entry.since >= this.#maxAge) {
      this.#entries.delete(key)
      return undefined
    }
    // Which was used longest ago matters only when there may soon be too many.
    if (this.#entries.size >= this.#maxSize / 2) {
      this.#entries.delete(key)
      this.#entries.set(key, entry)
    }
    return entry
  }

  set (key: string, entry: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > this.#maxSize && oldest !== undefined) this.#entries.delete(oldest)
  }

  delete (key: string): void {
    this.#entries.delete(key)
  }

  clear (): void {
    this.#entries.clear()
  }
}
