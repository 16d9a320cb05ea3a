import { runOutsideContext } from '../../settings/context/index.ts'
import { ConnectionLostError, DatabaseUnreachableError } from '../../words/errors/index.ts'
import { quoteIdentifier } from '../../words/names.ts'
import { withDeadline } from '../lanes/index.ts'
import type { Driver, OpenClient } from '../wire/index.ts'

/** How a link is opened. */
export interface LinkOptions {
  readonly driver: Driver
  /** The longest wait for the connection, and for an answer on it. */
  readonly timeoutMs: number
  readonly heard: (name: string, payload: string) => void
  /** Called once, when the connection has ended for whatever reason. */
  readonly lost: (link: Link) => void
}

/**
 * The one connection that listens. No tenant's statement ever runs on it, and it is opened outside of every tenant.
 *
 * The SQL sent: `listen "…"` and `unlisten "…"`, each behind what was sent before.
 */
export class Link {
  readonly #client: OpenClient
  readonly #timeoutMs: number
  readonly #listening = new Map<string, Promise<void>>()
  #isAlive = true
  #pid = 0

  private constructor (options: LinkOptions) {
    this.#timeoutMs = options.timeoutMs
    this.#client = options.driver.open(() => {
      this.#isAlive = false
      options.lost(this)
    }, { onnotify: options.heard })
  }

  /** @throws {DatabaseUnreachableError} FST_TENANCY_DATABASE_UNREACHABLE — `cause` says why. */
  static async open (options: LinkOptions): Promise<Link> {
    return await runOutsideContext(async () => {
      const link = new Link(options)
      await link.#start().catch((cause: unknown) => {
        link.#client.abort()
        throw new DatabaseUnreachableError({ cause })
      })
      return link
    })
  }

  /** False once the connection has ended. */
  get isAlive (): boolean {
    return this.#isAlive
  }

  get pid (): number {
    return this.#pid
  }

  /** Returns when the server listens to this name: at once if it does. */
  listen (name: string): Promise<void> {
    const known = this.#listening.get(name)
    if (known !== undefined) return known
    const listening = this.#send(`listen ${quoteIdentifier(name)}`)
    this.#listening.set(name, listening)
    listening.catch(() => this.#listening.delete(name))
    return listening
  }

  async unlisten (name: string): Promise<void> {
    this.#listening.delete(name)
    await this.#send(`unlisten ${quoteIdentifier(name)}`)
  }

  async close (): Promise<void> {
    await runOutsideContext(async () => await this.#client.sql.end({ timeout: 1 }))
    this.#client.abort()
  }

  async #start (): Promise<void> {
    const { state } = await this.#answer(this.#client.sql`select`)
    const pid: unknown = Reflect.get(state, 'pid')
    this.#pid = typeof pid === 'number' ? pid : 0
  }

  /** With a word behind it: other sessions of the role can read the text of the last statement, and so the name (G-06). */
  async #send (text: string): Promise<void> {
    await runOutsideContext(async () => await this.#answer(Promise.all([this.#client.sql.unsafe(text), this.#client.sql`select`])))
  }

  /** Whoever does not answer is gone. */
  async #answer<T> (work: Promise<T>): Promise<T> {
    return await withDeadline(work.then((result) => result), this.#timeoutMs, () => {
      this.#client.abort()
      return new ConnectionLostError()
    }).catch((cause: unknown) => { throw this.#isAlive ? cause : new ConnectionLostError({ cause }) })
  }
}
