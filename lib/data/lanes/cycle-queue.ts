import type { Cycle } from './cycle.ts'

/** How much the last cycle counts in the average: enough to follow a load that changes, too little for one slow cycle to say much. */
const LAST_COUNTS = 1 / 32

/** The cycles of one connection that have no whole answer yet, in the order in which the server answers. */
export class CycleQueue {
  /** When the cycle at the head became it; for deadlines, so not more exact than it need be. */
  headSince = 0
  /** How many milliseconds a cycle has been at the head of late, on average. */
  pace = 0
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
    if (this.length === 0) this.headSince = performance.now()
    this.#cycles.push(cycle)
    this.#count(cycle, 1)
  }

  shift (): void {
    const { head } = this
    const now = performance.now()
    this.pace += (now - this.headSince - this.pace) * LAST_COUNTS
    this.headSince = now
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
