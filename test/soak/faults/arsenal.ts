import type { Ledger } from '../ledger.ts'
import type { Action, Lie, Point, ProxyFault } from './kinds.ts'

/** A lie is told so often each time that it is armed: a connection may end for a reason of its own before anybody believes it. */
const TOLD = 3

/** The faults that wait for a connection that is where they strike. */
export class Arsenal {
  readonly #ledger: Ledger
  readonly #actions: { readonly name: string, readonly point: Point, readonly action: Action }[] = []
  readonly #lies = new Map<Lie, { readonly name: string, readonly times: number }>()

  constructor (ledger: Ledger) {
    this.#ledger = ledger
  }

  arm (fault: ProxyFault): void {
    if ('lie' in fault) this.#lies.set(fault.lie, { name: fault.name, times: TOLD })
    else if (!this.#actions.includes(fault)) this.#actions.push(fault)
  }

  disarm (): void {
    this.#actions.length = 0
    this.#lies.clear()
  }

  /** The first of these points that something waits for: it strikes. */
  strike (points: readonly Point[]): { readonly point: Point, readonly action: Action } | undefined {
    for (const point of points) {
      const at = this.#actions.findIndex((fault) => fault.point === point)
      const [fault] = at === -1 ? [] : this.#actions.splice(at, 1)
      if (fault === undefined) continue
      this.#ledger.count('faults', fault.name)
      return { point, action: fault.action }
    }
    return undefined
  }

  /** The lie that waits for an answer, if there is one. It is told when it is known that the answer is good for it. */
  get nextLie (): Lie | undefined {
    return this.#lies.keys().next().value
  }

  told (lie: Lie): void {
    const { name, times } = this.#lies.get(lie) ?? { name: `lie: ${lie}`, times: 1 }
    this.#lies.delete(lie)
    // Behind the others, so that each is told once before one is told again.
    if (times > 1) this.#lies.set(lie, { name, times: times - 1 })
    this.#ledger.count('faults', name)
    this.#ledger.count('lies', 'told')
  }

  /** Nobody noticed a lie. */
  believed (lie: Lie): void {
    this.#ledger.broken('a lie of the server is believed', lie)
  }
}
