import { runOutsideContext } from '../../settings/context/index.ts'
import type { Tenant, TenantId, TenancyLogger } from '../../words/types.ts'

/** What a mailbox asks before it delivers. */
export interface MailboxOptions {
  /** Returns the tenant as it is now, or throws if it is not served. */
  readonly admit: (tenantId: TenantId) => Promise<Tenant>
  readonly log: TenancyLogger
}

/** What waits for a tenant: called with the tenant as it is at that moment. */
export type Letter = (tenant: Tenant | undefined) => void

/** While the registry is slow, so many wait for one tenant; what comes then is lost, as it is while a connection is. */
const MAX_WAITING = 10_000

/** Delivers what comes for one tenant, in its order, and only while the tenant is served: a suspended one hears nothing. */
export class Mailbox {
  readonly #tenantId: TenantId | undefined
  readonly #options: MailboxOptions
  #waiting: Letter[] = []
  #isDelivering = false
  #isClosed = false
  #isServed = true

  constructor (tenantId: TenantId | undefined, options: MailboxOptions) {
    this.#tenantId = tenantId
    this.#options = options
  }

  put (letter: Letter): void {
    if (this.#isClosed) return
    if (this.#waiting.length >= MAX_WAITING) return this.#options.log.error({ tenant: this.#tenantId }, 'too many notifications wait, and one was dropped')
    this.#waiting.push(letter)
    if (!this.#isDelivering) runOutsideContext(() => this.#deliver()).catch(() => {})
  }

  close (): void {
    this.#isClosed = true
    this.#waiting = []
  }

  async #deliver (): Promise<void> {
    this.#isDelivering = true
    try {
      while (this.#waiting.length > 0) {
        const answer = await this.#ask()
        const letters = this.#waiting.splice(0)
        if (answer.isServed) letters.forEach((letter) => letter(answer.tenant))
      }
    } finally {
      this.#isDelivering = false
    }
  }

  /** Asked for every delivery; the registry's answer is kept for `registryCacheMs`. A registry that is away is a no. */
  async #ask (): Promise<{ readonly isServed: true, readonly tenant: Tenant | undefined } | { readonly isServed: false }> {
    const { admit, log } = this.#options
    try {
      const tenant = this.#tenantId === undefined ? undefined : await admit(this.#tenantId)
      this.#isServed = true
      return { isServed: true, tenant }
    } catch (err) {
      if (this.#isServed) log.warn({ err, tenant: this.#tenantId }, 'notifications are dropped until the tenant is served again')
      this.#isServed = false
      return { isServed: false }
    }
  }
}
