import { QueueTimeoutError } from '../../words/errors/index.ts'
import type { Connection } from './connection.ts'
import { FairQueue } from './fair-queue.ts'
import { type Share, Tally } from './tally.ts'

/** Somebody who wants a connection alone. */
export interface AloneCaller {
  readonly give: (connection: Connection) => void
  readonly refuse: (error: Error) => void
  /** Called when the connection is lost before it was released. */
  readonly onLost: (reason: Error) => void
}

interface Holder {
  readonly connection: Connection
  readonly share: Share
  readonly caller: AloneCaller
}

interface AloneOptions {
  readonly max: number
  readonly perTenant: number
  readonly timeouts: { readonly acquire: number }
}

/** Who has a connection alone, and who waits for one: by turns between tenants, of one tenant no more than its share. */
export class AloneConnections {
  readonly #options: AloneOptions
  readonly #holders: Holder[] = []
  readonly #countOf = new Tally()
  readonly #queue = new FairQueue<AloneCaller>()

  constructor (options: AloneOptions) {
    this.#options = options
  }

  get size (): number {
    return this.#holders.length
  }

  get waiting (): number {
    return this.#queue.length
  }

  /** One connection is left for statements that share, so that a transaction may wait for one of them. */
  get max (): number {
    return Math.max(1, this.#options.max - 1)
  }

  /** One tenant does not have all of them, unless it is the only one. */
  get #share (): number {
    const { max, perTenant } = this.#options
    return perTenant >= max ? perTenant : Math.max(1, Math.min(perTenant, this.max - 1))
  }

  connections (): readonly Connection[] {
    return this.#holders.map(({ connection }) => connection)
  }

  has (connection: Connection): boolean {
    return this.#holders.some((holder) => holder.connection === connection)
  }

  /** Puts a caller into the queue of its tenant, until it is served or has waited too long. */
  wait (key: string, caller: AloneCaller): void {
    const timer = setTimeout(() => {
      this.#queue.remove(key, waiter)
      caller.refuse(new QueueTimeoutError())
    }, this.#options.timeouts.acquire)
    const waiter: AloneCaller = {
      give: (connection) => {
        clearTimeout(timer)
        caller.give(connection)
      },
      refuse: (error) => {
        clearTimeout(timer)
        caller.refuse(error)
      },
      onLost: caller.onLost
    }
    this.#queue.push(key, waiter)
  }

  /** Gives a connection to the caller whose turn it is. False if nobody may have it. */
  serve (connection: Connection): boolean {
    const next = this.#queue.shift((key) => this.#countOf.of(key) < this.#share)
    if (next === undefined) return false
    this.#holders.push({ connection, share: this.#countOf.add(next.key), caller: next.waiter })
    next.waiter.give(connection)
    return true
  }

  /** Takes a connection back, and returns who had it. */
  leave (connection: Connection): AloneCaller | undefined {
    const at = this.#holders.findIndex((holder) => holder.connection === connection)
    const [holder] = at === -1 ? [] : this.#holders.splice(at, 1)
    holder?.share.remove()
    return holder?.caller
  }

  /** Refuses whoever waits. */
  refuseAll (reason: () => Error): void {
    for (const { refuse } of this.#queue.takeWhile(() => true)) refuse(reason())
  }
}
