/** So many tenants are remembered before those that have none are forgotten. */
const MAX_KEPT = 1_000

/**
 * How many of something each tenant has. One that has none any more stays for a while: a Map that keys come and go in is
 * copied over and over, V8 keeps every copy until a full collection of garbage, and each small one in between has to move them.
 */
export class Tally {
  readonly #counts = new Map<string, { count: number }>()

  of (tenantId: string): number {
    return this.#counts.get(tenantId)?.count ?? 0
  }

  add (tenantId: string): void {
    const known = this.#counts.get(tenantId)
    if (known !== undefined) {
      known.count++
      return
    }
    if (this.#counts.size >= MAX_KEPT) this.#forget()
    this.#counts.set(tenantId, { count: 1 })
  }

  remove (tenantId: string): void {
    const known = this.#counts.get(tenantId)
    if (known !== undefined && known.count > 0) known.count--
  }

  /** How many tenants are remembered. */
  get size (): number {
    return this.#counts.size
  }

  #forget (): void {
    for (const [tenantId, { count }] of this.#counts) if (count === 0) this.#counts.delete(tenantId)
  }
}
