import type { TenantSettings } from '../../words/types.ts'
import type { SignedTenant } from '../signing/index.ts'
import type { SettingsFrame, SettingsMessages } from './settings-frame.ts'

/** Settings whose tenant id is signed: what is signed expires, so it is made anew in time, and not for each statement. */
export class SignedFrame implements SettingsFrame {
  readonly shape: string
  readonly tenantId: string
  readonly isEnclosed = false
  readonly #sign: () => SignedTenant
  readonly #make: (signed: string) => SettingsMessages
  #messages: SettingsMessages | undefined
  #signedAt = 0
  #renewAt = 0

  constructor ({ searchPath, tenantId }: TenantSettings, sign: () => SignedTenant, make: (signed: string) => SettingsMessages) {
    this.shape = searchPath
    this.tenantId = tenantId
    this.#sign = sign
    this.#make = make
  }

  /** By the clock of the day, which is the one that the database has too: it goes on while a machine sleeps. */
  current (): SettingsMessages {
    const now = Date.now()
    // A clock that was set back has made it valid for too long.
    if (this.#messages !== undefined && now < this.#renewAt && now >= this.#signedAt) return this.#messages
    const { value, renewAt } = this.#sign()
    this.#signedAt = now
    this.#renewAt = renewAt
    this.#messages = this.#make(value)
    return this.#messages
  }
}
