import { setTimeout as sleep } from 'node:timers/promises'
import { runOutsideContext } from '../../settings/context/index.ts'
import { ClosedError, DatabaseUnreachableError } from '../../words/errors/index.ts'
import type { TenancyLogger } from '../../words/types.ts'
import { withDeadline } from '../lanes/index.ts'
import { Link, type LinkOptions } from './link.ts'

/** What a keeper is made of. */
export interface KeeperOptions extends Omit<LinkOptions, 'lost'> {
  /** Listens to everything on a new link, before anybody gets it. */
  readonly relisten: (link: Link) => Promise<void>
  readonly log: TenancyLogger
}

/** postgres.js's own: at once, then later and later, at most every 20 seconds. */
const backOff = (attempt: number): number => (0.5 + Math.random() / 2) * Math.min(3 ** attempt * 10, 20_000)

/** Keeps one link as long as somebody wants it: opened when it is asked for, opened again when it is lost. */
export class LinkKeeper {
  readonly #options: KeeperOptions
  #link: Link | undefined
  #opening: Promise<Link> | undefined
  #stop = new AbortController()

  constructor (options: KeeperOptions) {
    this.#options = options
  }

  /** The link, unless it is being opened. */
  get link (): Link | undefined {
    return this.#link
  }

  /** @throws {DatabaseUnreachableError} FST_TENANCY_DATABASE_UNREACHABLE — it did not open, or not in time. */
  async connected (): Promise<Link> {
    if (this.#link !== undefined) return this.#link
    const opening = this.#opening ?? this.#begin((signal) => this.#open(signal))
    return await withDeadline(opening, this.#options.timeoutMs, () => new DatabaseUnreachableError())
  }

  /** Opens the link, or tries until it is let go. Returns when it is open, or when the first attempt has failed. */
  async keep (): Promise<void> {
    await this.connected().catch((err: unknown) => {
      this.#options.log.warn({ err }, 'the connection that listens could not be opened: it is tried again')
      if (this.#link === undefined && this.#opening === undefined) this.#begin((signal) => this.#reopen(signal))
    })
  }

  /** Closes the link, and does not open it again before somebody asks. */
  async letGo (): Promise<void> {
    this.#stop.abort()
    this.#stop = new AbortController()
    const link = this.#link
    this.#link = this.#opening = undefined
    await link?.close()
  }

  #begin (open: (signal: AbortSignal) => Promise<Link>): Promise<Link> {
    const opening = runOutsideContext(() => open(this.#stop.signal)).finally(() => {
      if (this.#opening === opening) this.#opening = undefined
    })
    opening.catch(() => {})
    this.#opening = opening
    return opening
  }

  async #open (signal: AbortSignal): Promise<Link> {
    const link = await Link.open({ ...this.#options, lost: (lost) => this.#lost(lost) })
    await this.#options.relisten(link).catch(async (error: unknown) => {
      await link.close()
      throw error
    })
    if (signal.aborted || !link.isAlive) {
      await link.close()
      throw new ClosedError()
    }
    this.#link = link
    return link
  }

  /** Notifications of the meantime are lost, as they are for every client of PostgreSQL. */
  #lost (link: Link): void {
    if (this.#link !== link) return
    this.#link = undefined
    this.#options.log.warn({}, 'the connection that listens was lost: it is opened again')
    this.#begin((signal) => this.#reopen(signal))
  }

  async #reopen (signal: AbortSignal): Promise<Link> {
    for (let attempt = 0; ; attempt++) {
      await sleep(backOff(attempt), undefined, { signal })
      try {
        return await this.#open(signal)
      } catch (err) {
        if (signal.aborted) throw err
        this.#options.log.warn({ err }, 'the connection that listens could not be opened: it is tried again')
      }
    }
  }
}
