import type { Cycle } from './cycle.ts'

/** The cycles of one connection that have no whole answer yet, in the order in which the server answers. */
export class CycleQueue {
  #cycles: Cycle[] = []
  #at = 0

  get length (): number {
    return this.#cycles.length - this.#at
  }

  get head (): Cycle | undefined {
    return this.#cycles[this.#at]
  }

  push (cycle: Cycle): void {
    this.#cycles.push(cycle)
  }

  shift (): void {
    this.#at++
    if (this.#at === this.#cycles.length) this.takeAll()
    else if (this.#at > 256) this.#cycles = this.takeAll()
  }

  /** Takes out every cycle. */
  takeAll (): Cycle[] {
    const cycles = this.#cycles.slice(this.#at)
    this.#cycles = []
    this.#at = 0
    return cycles
  }

  /** Takes out every cycle: those that were sent, up to the one with the nonce `sent`, and those that never left. */
  split (sent: number): { readonly sent: readonly Cycle[], readonly unsent: readonly Cycle[] } {
    const cycles = this.takeAll()
    // Nonces wrap around, and no queue is half as long as that.
    const isUnsent = ({ nonce }: Cycle): boolean => ((nonce - sent) | 0) > 0
    return { sent: cycles.filter((cycle) => !isUnsent(cycle)), unsent: cycles.filter(isUnsent) }
  }
}
