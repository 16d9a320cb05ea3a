import { RecentlyUsed } from '../../words/recently-used.ts'

/** What was used of late, and nothing that was asked for more than `maxAge` milliseconds ago: it may have changed at any time after `since`. */
export class Recent<V extends { readonly since: number }> {
  readonly #entries: RecentlyUsed<V>
  readonly #maxAge: number

  constructor (maxAge: number, max: number) {
    this.#entries = new RecentlyUsed(max)
    this.#maxAge = maxAge
  }

  get size (): number {
    return this.#entries.size
  }

  /** `now` as performance.now() has it. */
  get (key: string, now: number): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined || now - entry.since < this.#maxAge) return entry
    this.#entries.delete(key)
    return undefined
  }

  set (key: string, entry: V): void {
    this.#entries.set(key, entry)
  }

  delete (key: string): void {
    this.#entries.delete(key)
  }

  clear (): void {
    this.#entries.clear()
  }
}
