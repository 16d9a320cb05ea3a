import { QueueTimeoutError } from '../../words/errors/index.ts'
import type { Cycle } from './cycle.ts'

/** Cycles that no connection has room for at the moment. */
export class WaitingCycles {
  #waiting: { readonly cycle: Cycle, readonly since: number }[] = []

  get length (): number {
    return this.#waiting.length
  }

  push (cycle: Cycle): void {
    this.#waiting.push({ cycle, since: performance.now() })
  }

  /** Offers each to `take`, in their order; one that is not taken keeps nobody else waiting. */
  place (take: (cycle: Cycle) => boolean): void {
    if (this.#waiting.length === 0) return
    const offered = this.#waiting
    this.#waiting = []
    const left = offered.filter(({ cycle }) => !take(cycle))
    // What came in the meantime came later.
    this.#waiting = [...left, ...this.#waiting]
  }

  /** Nobody waits for ever. */
  refuseLate (milliseconds: number): void {
    const latest = performance.now() - milliseconds
    const late = this.#waiting.filter(({ since }) => since < latest)
    this.#waiting = this.#waiting.filter(({ since }) => since >= latest)
    for (const { cycle } of late) {
      cycle.owner.refused(new QueueTimeoutError())
      cycle.owner.lost(new QueueTimeoutError())
    }
  }

  refuseAll (reason: () => Error): void {
    const refused = this.#waiting
    this.#waiting = []
    for (const { cycle } of refused) cycle.owner.lost(reason())
  }
}
