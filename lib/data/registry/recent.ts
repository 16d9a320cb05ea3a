/** A bounded map that drops what was used longest ago, and believes nothing older than `maxAge` milliseconds. */
export class Recent<V> {
  readonly #entries = new Map<string, { readonly value: V, readonly since: number }>()
  readonly #maxAge: number
  readonly #maxSize: number

  constructor (maxAge: number, maxSize: number) {
    this.#maxAge = maxAge
    this.#maxSize = maxSize
  }

  get size (): number {
    return this.#entries.size
  }

  get (key: string): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (performance.now() - entry.since >= this.#maxAge) {
      this.#entries.delete(key)
      return undefined
    }
    // Which was used longest ago matters only when there may soon be too many.
    if (this.#entries.size >= this.#maxSize / 2) {
      this.#entries.delete(key)
      this.#entries.set(key, entry)
    }
    return entry.value
  }

  /** `since` is when the value was asked for: it may have changed at any time after that. */
  set (key: string, value: V, since: number): void {
    this.#entries.delete(key)
    this.#entries.set(key, { value, since })
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
