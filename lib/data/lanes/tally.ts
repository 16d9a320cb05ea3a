/** What one tenant has: one object for as long as it is anything, so that who has it can be told by it. */
export interface Share {
  count: number
}

/** So many tenants are remembered before those that have none are forgotten. */
const MAX_KEPT = 1_000

/**
 * How many of something each tenant has. One that has none any more stays for a while: a Map that keys come and go in is
 * copied over and over, V8 keeps every copy until a full collection of garbage, and each small one in between has to move them.
 */
export class Tally {
  readonly #shares = new Map<string, Share>()

  of (tenantId: string): number {
    return this.#shares.get(tenantId)?.count ?? 0
  }

  /** Counts one more, and returns what to take it from again. */
  add (tenantId: string): Share {
    const known = this.#shares.get(tenantId)
    if (known !== undefined) {
      known.count++
      return known
    }
    if (this.#shares.size >= MAX_KEPT) this.#forget()
    const share: Share = { count: 1 }
    this.#shares.set(tenantId, share)
    return share
  }

  remove (share: Share): void {
    if (share.count > 0) share.count--
  }

  /** How many tenants are remembered. */
  get size (): number {
    return this.#shares.size
  }

  #forget (): void {
    for (const [tenantId, { count }] of this.#shares) if (count === 0) this.#shares.delete(tenantId)
  }
}
