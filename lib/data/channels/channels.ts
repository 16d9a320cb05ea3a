import { ClosedError, SqlRefusedError } from '../../words/errors/index.ts'
import type { Tenant, TenantId } from '../../words/types.ts'
import type { Driver } from '../wire/index.ts'
import { channelName } from './channel-name.ts'
import { LinkKeeper } from './link-keeper.ts'
import { type Callback, type Listener, createListener } from './listener.ts'
import type { MailboxOptions } from './mailbox.ts'
import { type Subscription, type SubscriptionLimits, Subscriptions } from './subscriptions.ts'

/** What the channels of one tenancy are made of. */
export interface ChannelsOptions extends MailboxOptions {
  readonly driver: Driver
  /** Whether a pooler stands in between. */
  readonly isPooled: boolean
  readonly connectTimeoutMs: number
  /** What makes names of channels that nobody else can work out. */
  readonly key: string | undefined
  readonly limits?: SubscriptionLimits
}

/** What was given to `sql.listen`. */
export interface ListenCall {
  readonly channel: unknown
  readonly fn: unknown
  readonly onlisten: unknown
}

/** What `sql.listen` resolves to. */
export interface Listening {
  /** The connection that listens, as it is at the moment. Its secret, with which all could be cancelled, is kept back. */
  readonly state: { readonly status: string, readonly pid: number, readonly secret: number }
  /** Stops listening. */
  readonly unlisten: () => Promise<void>
}

const POOLED = 'sql.listen is refused behind a connection pooler, because it would listen on a connection that is somebody else\'s next: give "database" the URL of the server itself in the process that listens. sql.notify works.'
const NO_FUNCTION = 'sql.listen needs a function: sql.listen(channel, (payload) => { … }).'

/**
 * The channels of all tenants on one connection, which is open while anybody listens. A tenant's channel has a name of its
 * own on the server, so one tenant's payload is never another's (G-03).
 */
export class Channels {
  readonly #options: ChannelsOptions
  readonly #subscriptions: Subscriptions
  readonly #keeper: LinkKeeper
  #isClosed = false

  constructor (options: ChannelsOptions) {
    this.#options = options
    this.#subscriptions = new Subscriptions(options, options.limits)
    this.#keeper = new LinkKeeper({
      driver: options.driver,
      timeoutMs: options.connectTimeoutMs,
      log: options.log,
      heard: (name, payload) => this.#heard(name, payload),
      relisten: async (link) => {
        await Promise.all(this.#subscriptions.names.map((name) => link.listen(name)))
        this.#subscriptions.tellAll()
      }
    })
  }

  /** Whether nobody listens. */
  get isEmpty (): boolean {
    return this.#subscriptions.isEmpty
  }

  /** Returns the name on the server of this tenant's channel; of nobody's, for what observe mode lets through. */
  nameOf (tenant: Tenant | undefined, channel: unknown): string {
    return channelName(this.#options.key, tenant?.id ?? '', channel)
  }

  /**
   * Listens to a channel of `tenant`: see `sql.listen`.
   *
   * @throws {SqlRefusedError} FST_TENANCY_SQL_REFUSED — behind a pooler, or without a channel or function.
   * @throws {ChannelLimitError} FST_TENANCY_SQL_CHANNEL_LIMIT
   * @throws {DatabaseUnreachableError} FST_TENANCY_DATABASE_UNREACHABLE, {@link ConnectionLostError}
   * FST_TENANCY_SQL_CONNECTION_LOST, {@link ClosedError} FST_TENANCY_CLOSED
   */
  async listen (tenant: Tenant | undefined, { channel, fn, onlisten }: ListenCall): Promise<Listening> {
    if (this.#options.isPooled) throw new SqlRefusedError(POOLED)
    if (!isCallback(fn)) throw new SqlRefusedError(NO_FUNCTION)
    const name = this.nameOf(tenant, channel)
    const listener = createListener(fn, isCallback(onlisten) ? onlisten : undefined, this.#options.log)
    this.#assertOpen()
    const subscription = this.#subscriptions.add(tenant, name, listener)
    const unlisten = async (): Promise<void> => await this.#unlisten(subscription, listener)
    try {
      await (await this.#keeper.connected()).listen(name)
      this.#assertOpen()
    } catch (error) {
      await unlisten()
      throw error
    }
    listener.tell(tenant)
    return { state: this.#state(), unlisten }
  }

  /** Who listens at the moment. */
  get tenantIds (): readonly TenantId[] {
    return this.#subscriptions.tenantIds
  }

  /** Ends whatever one tenant listens to: it is gone, and will not be served again. */
  closeTenant (tenantId: TenantId): void {
    const names = this.#subscriptions.removeTenant(tenantId)
    const done = this.#subscriptions.isEmpty ? this.#keeper.letGo() : Promise.all(names.map((name) => this.#keeper.link?.unlisten(name)))
    done.catch(() => {})
  }

  /** Nobody hears anything any more. */
  async close (): Promise<void> {
    this.#isClosed = true
    this.#subscriptions.clear()
    await this.#keeper.letGo()
  }

  #heard (name: string, payload: string): void {
    const subscription = this.#subscriptions.find(name)
    if (subscription !== undefined) this.#subscriptions.deliver(subscription, payload)
  }

  /** The connection may be gone: then nobody listens on it either. */
  async #unlisten (subscription: Subscription, listener: Listener): Promise<void> {
    if (!this.#subscriptions.remove(subscription, listener)) return
    if (this.#subscriptions.isEmpty) await this.#keeper.letGo()
    else if (subscription.listeners.size === 0) await this.#keeper.link?.unlisten(subscription.name).catch(() => {})
  }

  #state (): Listening['state'] {
    const keeper = this.#keeper
    return {
      get status () { return keeper.link === undefined ? 'closed' : 'I' },
      get pid () { return keeper.link?.pid ?? 0 },
      secret: 0
    }
  }

  #assertOpen (): void {
    if (this.#isClosed) throw new ClosedError()
  }
}

function isCallback (value: unknown): value is Callback {
  return typeof value === 'function'
}
