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

  push (key: string, waiter: T): void {
    const waiters = this.#waiters.get(key)
    if (waiters === undefined) this.#waiters.set(key, [waiter])
    else waiters.push(waiter)
    this.#length++
  }

  /** Takes out the waiter whose turn it is. */
  shift (): T | undefined {
    const [next] = this.#waiters
    if (next === undefined) return undefined
    const [key, waiters] = next
    const waiter = waiters.shift()
    // A Map keeps the order of insertion: put in again, the key is the last.
    this.#waiters.delete(key)
    if (waiters.length > 0) this.#waiters.set(key, waiters)
    this.#length--
    return waiter
  }

  /** Takes out one waiter that gave up. */
  remove (key: string, waiter: T): void {
    const waiters = this.#waiters.get(key) ?? []
    const at = waiters.indexOf(waiter)
    if (at === -1) return
    waiters.splice(at, 1)
    if (waiters.length === 0) this.#waiters.delete(key)
    this.#length--
  }
}
