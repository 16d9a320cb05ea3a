/** How many one tenant has: one object for as long as there are any, so that who has them can be told by it. */
export class Share {
  #count = 0
  /** How many cycles connections have of it: those that nobody waits for any more too, until they are answered. */
  placed = 0

  get count (): number {
    return this.#count
  }

  add (): void {
    this.#count++
  }

  remove (): void {
    if (this.#count > 0) this.#count--
  }
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
    const share = this.#shares.get(tenantId) ?? this.#open(tenantId)
    share.add()
    return share
  }

  /** How many tenants are remembered. */
  get size (): number {
    return this.#shares.size
  }

  #open (tenantId: string): Share {
    if (this.#shares.size >= MAX_KEPT) this.#forget()
    const share = new Share()
    this.#shares.set(tenantId, share)
    return share
  }

  #forget (): void {
    for (const [tenantId, { count, placed }] of this.#shares) if (count + placed === 0) this.#shares.delete(tenantId)
  }
}
