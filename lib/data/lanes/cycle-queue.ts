import type { Cycle } from './cycle.ts'

/** The cycles of one connection that have no whole answer yet, in the order in which the server answers. */
export class CycleQueue {
  #cycles: Cycle[] = []
  #at = 0
  readonly #countOf = new Map<string, number>()

  get length (): number {
    return this.#cycles.length - this.#at
  }

  get head (): Cycle | undefined {
    return this.#cycles[this.#at]
  }

  /** Tells whether a cycle of this tenant is among them. */
  has (tenantId: string): boolean {
    return this.#countOf.has(tenantId)
  }

  push (cycle: Cycle): void {
    this.#cycles.push(cycle)
    this.#count(cycle, 1)
  }

  shift (): void {
    const { head } = this
    if (head !== undefined) this.#count(head, -1)
    this.#at++
    if (this.#at === this.#cycles.length || this.#at > 256) {
      this.#cycles = this.#cycles.slice(this.#at)
      this.#at = 0
    }
  }

  /** Takes out every cycle: those that were sent, up to the one with the nonce `sent`, and those that never left. */
  split (sent: number): { readonly sent: readonly Cycle[], readonly unsent: readonly Cycle[] } {
    const cycles = this.#cycles.slice(this.#at)
    this.#cycles = []
    this.#at = 0
    this.#countOf.clear()
    return { sent: cycles.filter(({ nonce }) => nonce <= sent), unsent: cycles.filter(({ nonce }) => nonce > sent) }
  }

  #count ({ frame }: Cycle, by: number): void {
    if (frame === undefined) return
    const count = (this.#countOf.get(frame.tenantId) ?? 0) + by
    if (count > 0) this.#countOf.set(frame.tenantId, count)
    else this.#countOf.delete(frame.tenantId)
  }
}
