import { TenantClosedError, TenantUnknownError } from '../../words/errors/index.ts'
import { isTenantId } from '../../words/names.ts'
import type { TenancyLogger, TenantId, TenantStatus } from '../../words/types.ts'
import { runOutsideContext } from '../../settings/context/index.ts'
import { LinkKeeper } from '../channels/index.ts'
import type { SchemaAge } from '../lanes/index.ts'
import { REGISTRY_CHANNEL } from '../owner/index.ts'
import type { Places } from '../places/index.ts'
import type { RegistryReader } from '../registry/index.ts'
import { Closings, type OnClosed } from './closings.ts'

/** What a watch looks at and works on. */
export interface TenantWatchParts {
  readonly places: Pick<Places, 'home' | 'all'>
  readonly connectTimeoutMs: number
  /** How often tenants with open work are looked at without being told of a change. */
  readonly cacheMs: number
  readonly reader: RegistryReader
  readonly age: Pick<SchemaAge, 'forget'>
  /** Whether tenants that are not active are served all the same: observe mode. */
  readonly isObserving: boolean
  readonly log: TenancyLogger
}

/** Changes that come together are answered together. */
const PAUSE_MS = 100

const AT_ONCE = 8

/**
 * Watches the registry for a running process. A connection of its own hears of each change of a tenant at the moment of
 * its commit: what was remembered is forgotten, and what a tenant has open that is no longer served is ended. Where
 * nobody can listen, or while that connection is lost, the same happens within `registryCacheMs`.
 */
export class TenantWatch {
  readonly #parts: TenantWatchParts
  readonly #keeper: LinkKeeper
  readonly #closings: Closings
  #pause: NodeJS.Timeout | undefined
  #isToldAgain = false
  #timer: NodeJS.Timeout | undefined

  constructor (parts: TenantWatchParts) {
    this.#parts = parts
    this.#closings = new Closings(parts.log)
    this.#keeper = new LinkKeeper({
      driver: parts.places.home.driver,
      timeoutMs: parts.connectTimeoutMs,
      log: parts.log,
      heard: () => this.#told(),
      // Nobody knows what changed while nobody listened.
      relisten: async (link) => {
        await link.listen(REGISTRY_CHANNEL)
        this.#told()
      }
    })
  }

  /** Begins to watch. That the server cannot be listened to stops no start: it is tried again. */
  async start (): Promise<void> {
    this.#timer = runOutsideContext(() => setInterval(() => this.#lookLater(), this.#parts.cacheMs)).unref()
    if (!this.#parts.places.home.isPooled) await this.#keeper.keep()
  }

  /** Calls `fn` once, when the tenant is no longer served. Returns what takes it back. */
  onClosed (tenantId: TenantId, fn: OnClosed): () => void {
    const stop = this.#closings.add(tenantId, fn)
    // It may have been suspended before this was called.
    this.#lookLater()
    return stop
  }

  /** Looks at every tenant that has something open, and ends it where the tenant is not served any more. */
  async look (): Promise<void> {
    const { isObserving, places } = this.#parts
    if (isObserving) return
    const open = places.all.flatMap(({ lanes, channels }) => [...lanes.alone.tenantIds, ...channels.tenantIds])
    const waiting = [...new Set([...open, ...this.#closings.tenantIds])].filter(isTenantId)
    const work = async (): Promise<void> => {
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) await this.#lookAt(id)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
  }

  async close (): Promise<void> {
    clearInterval(this.#timer)
    clearTimeout(this.#pause)
    this.#closings.clear()
    await this.#keeper.letGo()
  }

  #told (): void {
    if (this.#pause !== undefined) {
      this.#isToldAgain = true
      return
    }
    this.#parts.reader.forgetAll()
    this.#parts.age.forget()
    this.#lookLater()
    this.#pause = setTimeout(() => {
      this.#pause = undefined
      if (!this.#isToldAgain) return
      this.#isToldAgain = false
      this.#told()
    }, PAUSE_MS).unref()
  }

  #lookLater (): void {
    runOutsideContext(() => this.look()).catch(() => {})
  }

  async #lookAt (tenantId: TenantId): Promise<void> {
    const status = await this.#statusOf(tenantId)
    if (status === undefined || status === 'active') return
    for (const { lanes, channels } of this.#parts.places.all) {
      lanes.alone.discard(tenantId, () => new TenantClosedError())
      // A suspended tenant's listeners hear nothing until it is active again, and then go on.
      if (status !== 'suspended') channels.closeTenant(tenantId)
    }
    this.#closings.call(tenantId)
  }

  /** Undefined where the registry does not answer: what is open stays open, and is looked at again. */
  async #statusOf (tenantId: TenantId): Promise<TenantStatus | undefined> {
    try {
      return (await this.#parts.reader.find(tenantId)).status
    } catch (error) {
      return error instanceof TenantUnknownError ? 'deleted' : undefined
    }
  }
}
