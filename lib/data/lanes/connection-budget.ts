/** Whoever opens connections under a budget: those of one database. */
export interface BudgetHolder {
  /** How many connections it has, those on their way included. */
  readonly connections: number
  /** Closes a connection that nobody uses. False if it has none to give to somebody who has none, or has some. */
  yieldOne (toSomebodyWithout: boolean): boolean
  /** Offers it a connection, which is counted already. False if it needs none any more. */
  offer (): boolean
}

/**
 * How many connections there may be to all databases of a tenancy together. Whoever needs one when none is left gets
 * one that another database does not use; and whoever has none at all, the next one that another is done with.
 */
export class ConnectionBudget {
  readonly #max: number
  /** In the order in which they last got a connection: the first one is asked first to give one up. */
  readonly #holders = new Set<BudgetHolder>()
  readonly #waiting = new Set<BudgetHolder>()
  #used = 0
  /** Connections that are being closed for those who wait. */
  #promised = 0

  constructor (max: number) {
    this.#max = max
  }

  get used (): number {
    return this.#used
  }

  /** Tells whether somebody has no connection at all and nobody has promised one. */
  get isShort (): boolean {
    if (this.#waiting.size <= this.#promised) return false
    let without = 0
    for (const holder of this.#waiting) if (holder.connections === 0) without++
    return without > this.#promised
  }

  /** Counts one more connection and returns true; or notes that the holder waits for one, and asks the others for it. */
  claim (holder: BudgetHolder): boolean {
    this.#holders.delete(holder)
    this.#holders.add(holder)
    if (this.#used >= this.#max) {
      this.#waiting.add(holder)
      if (this.#waiting.size > this.#promised) this.#askOthers(holder)
    }
    if (this.#used >= this.#max) return false
    this.#used++
    this.#waiting.delete(holder)
    return true
  }

  /** Notes that a connection is being closed for those who wait. */
  promise (): void {
    this.#promised++
  }

  /** Says that a connection is gone, or was not opened. */
  release (): void {
    this.#used--
    if (this.#promised > 0) this.#promised--
    for (const holder of [...this.#waiting].sort((a, b) => Math.min(1, a.connections) - Math.min(1, b.connections))) {
      if (this.#used >= this.#max) return
      this.#waiting.delete(holder)
      this.#used++
      if (!holder.offer()) this.#used--
    }
  }

  /** Forgets a holder that opens no more. */
  leave (holder: BudgetHolder): void {
    this.#holders.delete(holder)
    this.#waiting.delete(holder)
  }

  #askOthers (asking: BudgetHolder): void {
    for (const holder of this.#holders) {
      if (holder !== asking && holder.yieldOne(asking.connections === 0)) return
    }
  }
}
