import { ChannelLimitError } from '../../words/errors/index.ts'
import type { Tenant, TenantId } from '../../words/types.ts'
import type { Listener } from './listener.ts'
import { Mailbox, type MailboxOptions } from './mailbox.ts'

/** How much is listened to: channels, and calls of `sql.listen`. */
export interface SubscriptionLimits {
  readonly channels: number
  readonly channelsOfTenant: number
  readonly listeners: number
  readonly listenersOfTenant: number
}

const LIMITS: SubscriptionLimits = { channels: 10_000, channelsOfTenant: 1_000, listeners: 100_000, listenersOfTenant: 10_000 }

/** One channel of one tenant, and who listens to it. */
export interface Subscription {
  /** The channel's name on the server. */
  readonly name: string
  readonly listeners: Set<Listener>
  readonly share: Share
}

/** What one tenant has of all. */
interface Share {
  readonly tenantId: TenantId | undefined
  readonly mailbox: Mailbox
  channels: number
  listeners: number
}

/** Who listens to what. Bounded, and no tenant can have all of it. */
export class Subscriptions {
  readonly #options: MailboxOptions
  readonly #limits: SubscriptionLimits
  readonly #byName = new Map<string, Subscription>()
  readonly #shares = new Map<TenantId | undefined, Share>()
  #listeners = 0

  constructor (options: MailboxOptions, limits: SubscriptionLimits = LIMITS) {
    this.#options = options
    this.#limits = limits
  }

  get names (): readonly string[] {
    return [...this.#byName.keys()]
  }

  get isEmpty (): boolean {
    return this.#byName.size === 0
  }

  find (name: string): Subscription | undefined {
    return this.#byName.get(name)
  }

  /** @throws {ChannelLimitError} FST_TENANCY_SQL_CHANNEL_LIMIT */
  add (tenant: Tenant | undefined, name: string, listener: Listener): Subscription {
    const share = this.#shares.get(tenant?.id) ?? { tenantId: tenant?.id, mailbox: new Mailbox(tenant?.id, this.#options), channels: 0, listeners: 0 }
    const known = this.#byName.get(name)
    this.#assertRoom(share, known === undefined)
    const subscription = known ?? { name, listeners: new Set(), share }
    if (known === undefined) share.channels++
    this.#shares.set(tenant?.id, share)
    this.#byName.set(name, subscription)
    subscription.listeners.add(listener)
    share.listeners++
    this.#listeners++
    return subscription
  }

  /** False if the listener was taken out before. */
  remove (subscription: Subscription, listener: Listener): boolean {
    if (!subscription.listeners.delete(listener)) return false
    const { share, name, listeners } = subscription
    share.listeners--
    this.#listeners--
    if (listeners.size > 0) return true
    this.#byName.delete(name)
    if (--share.channels > 0) return true
    this.#shares.delete(share.tenantId)
    share.mailbox.close()
    return true
  }

  /** Hands a payload to whoever listens when its turn comes. */
  deliver ({ listeners, share }: Subscription, payload: string): void {
    // A copy: who begins to listen inside a callback hears the next one.
    share.mailbox.put((tenant) => [...listeners].forEach((listener) => listener.hear(tenant, payload)))
  }

  /** Tells everybody who was told before that the server listens again. */
  tellAll (): void {
    for (const { listeners, share } of this.#byName.values()) {
      const told = [...listeners].filter(({ isTold }) => isTold)
      share.mailbox.put((tenant) => told.filter((listener) => listeners.has(listener)).forEach((listener) => listener.tell(tenant)))
    }
  }

  /** Who listens at the moment. */
  get tenantIds (): readonly TenantId[] {
    return [...this.#shares.keys()].filter((id) => id !== undefined)
  }

  /** Takes out whatever one tenant listens to, and returns the names on the server. */
  removeTenant (tenantId: TenantId): readonly string[] {
    const gone = [...this.#byName.values()].filter(({ share }) => share.tenantId === tenantId)
    for (const subscription of gone) for (const listener of [...subscription.listeners]) this.remove(subscription, listener)
    return gone.map(({ name }) => name)
  }

  clear (): void {
    for (const { mailbox } of this.#shares.values()) mailbox.close()
    this.#byName.clear()
    this.#shares.clear()
    this.#listeners = 0
  }

  #assertRoom (share: Share, isNew: boolean): void {
    const { channels, channelsOfTenant, listeners, listenersOfTenant } = this.#limits
    if (share.listeners >= listenersOfTenant || (isNew && share.channels >= channelsOfTenant)) throw new ChannelLimitError('this tenant')
    if (this.#listeners >= listeners || (isNew && this.#byName.size >= channels)) throw new ChannelLimitError('this process')
  }
}
