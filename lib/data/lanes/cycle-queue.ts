import type { Cycle } from './cycle.ts'
import type { Share } from './tally.ts'

/** How much the last cycle counts in the average: enough to follow a load that changes, too little for one slow cycle to say much. */
const LAST_COUNTS = 1 / 32
/** So long a plan may take, with what the backend has to learn of a schema for it. */
const PLAN_MS = 5

/** The cycles of one connection that have no whole answer yet, in the order in which the server answers. */
export class CycleQueue {
  /** When the cycle at the head became it; for deadlines, so not more exact than it need be. */
  headSince = 0
  /** How many milliseconds a cycle has been at the head of late, on average. */
  pace = 0
  #cycles: Cycle[] = []

  get length (): number {
    return this.#cycles.length
  }

  get head (): Cycle | undefined {
    return this.#cycles[0]
  }

  /** Tells whether a cycle of whoever has this share is among them: they are few. */
  has (share: Share): boolean {
    return this.#cycles.some((cycle) => cycle.share === share)
  }

  push (cycle: Cycle): void {
    if (this.length === 0) this.headSince = performance.now()
    this.#cycles.push(cycle)
    if (cycle.share !== undefined) cycle.share.placed++
  }

  /** Ends the cycle at the head. Nothing keeps it: what has been answered and is still referred to is copied by each collection of garbage. */
  shift (): void {
    const head = this.#cycles.shift()
    if (head?.share !== undefined) head.share.placed--
    const now = performance.now()
    const took = now - this.headSince
    this.headSince = now
    // A plan is made once, so that the time for it says nothing of how slow the next cycle will be.
    const isPlanning = head?.isPlanning === true
    const counted = isPlanning ? Math.max(Math.min(took, this.pace), took - PLAN_MS) : took
    this.pace += (counted - this.pace) * LAST_COUNTS
    if (head?.request.kind !== 'run') return
    const { text } = head.request.statement
    // What is planned is not slow for that; quick is quick.
    if (!isPlanning || text.pace === undefined || counted < text.pace) text.took(counted)
  }

  /** Takes out every cycle: those that were sent, up to the one with the nonce `sent`, and those that never left. */
  split (sent: number): { readonly sent: readonly Cycle[], readonly unsent: readonly Cycle[] } {
    const cycles = this.#cycles
    this.#cycles = []
    for (const { share } of cycles) if (share !== undefined) share.placed--
    return { sent: cycles.filter(({ nonce }) => nonce <= sent), unsent: cycles.filter(({ nonce }) => nonce > sent) }
  }
}
