import { QueueTimeoutError } from '../../words/errors/index.ts'
import type { OpenSocket } from '../wire/index.ts'
import type { Connection } from './connection.ts'
import type { BudgetHolder, ConnectionBudget } from './connection-budget.ts'
import { withDeadline } from './deadline.ts'

/** So many connections are logged in at once: more would only wait for each other. */
const AT_ONCE = 2

/** So long a connection is kept at least: one that is closed after every answer serves nobody. */
const TENURE_MS = 100

interface OpeningOptions {
  readonly open: () => Promise<OpenSocket>
  readonly max: number
  readonly budget: ConnectionBudget
  readonly keep: number
}

interface OpeningEvents {
  /** How many connections there are. */
  readonly count: () => number
  /** Returns one that has nothing to do. */
  readonly idle: () => Connection | undefined
  readonly opened: (socket: OpenSocket) => void
  readonly failed: (cause: unknown) => void
  /** Whether anybody waits for one. */
  readonly isWanted: () => boolean
}

/** How the connections of one database are opened, and given up for another one, under the budget of all. */
export class Opening implements BudgetHolder {
  readonly #options: OpeningOptions
  readonly #events: OpeningEvents
  #underWay = 0
  #onOffer: (() => void) | undefined

  constructor (options: OpeningOptions, events: OpeningEvents) {
    this.#options = options
    this.#events = events
  }

  get underWay (): number { return this.#underWay }

  get connections (): number { return this.#events.count() + this.#underWay }

  /** Opens one more, unless enough are under way already. False if there can be no more, or the budget is used up. */
  begin (): boolean {
    const { max, budget } = this.#options
    if (this.connections >= max) return false
    if (this.#underWay >= AT_ONCE) return true
    if (!budget.claim(this)) return false
    this.#open().then(this.#events.opened, this.#events.failed)
    return true
  }

  /**
   * Opens the first one, when there is one to have.
   *
   * @throws {QueueTimeoutError} FST_TENANCY_SQL_QUEUE_TIMEOUT — none became free within `timeoutMs`.
   */
  async first (timeoutMs: number): Promise<OpenSocket> {
    if (!this.#options.budget.claim(this)) {
      const offered = new Promise<void>((resolve) => { this.#onOffer = resolve })
      await withDeadline(offered, timeoutMs, () => {
        this.#onOffer = undefined
        return new QueueTimeoutError()
      })
    }
    return await this.#open()
  }

  yieldOne (toSomebodyWithout: boolean): boolean {
    const { keep } = this.#options
    if (this.connections <= (toSomebodyWithout ? keep : Math.max(1, keep))) return false
    const idle = this.#events.idle()
    return idle !== undefined && this.#giveUp(idle)
  }

  offer (): boolean {
    const onOffer = this.#onOffer
    this.#onOffer = undefined
    if (onOffer !== undefined) onOffer()
    else if (!this.#events.isWanted() || this.connections >= this.#options.max || this.#underWay >= AT_ONCE) return false
    else this.#open().then(this.#events.opened, this.#events.failed)
    return true
  }

  /** Closes a connection that has nothing to do at the moment, if another database has none at all. */
  spare (connection = this.#events.idle()): void {
    if (connection !== undefined && this.#options.budget.isShort && this.connections > this.#options.keep) this.#giveUp(connection)
  }

  /** Says that a connection is gone. */
  ended (): void { this.#options.budget.release() }

  /** Opens no more. */
  close (): void { this.#options.budget.leave(this) }

  #giveUp (connection: Connection): boolean {
    if (performance.now() - connection.openedAt < TENURE_MS) return false
    this.#options.budget.promise()
    connection.close()
    return true
  }

  async #open (): Promise<OpenSocket> {
    this.#underWay++
    try {
      return await this.#options.open()
    } catch (error) {
      this.#options.budget.release()
      throw error
    } finally {
      this.#underWay--
    }
  }
}
