import type { TenantSettings } from '../../words/types.ts'
import type { SettingsFrame, SettingsMessages } from './settings-frame.ts'

/**
 * Settings that are sent in the same messages each time. A class: V8 gives an object with a function of its own another
 * form once there is a second one, and the forms of a thousand tenants' would be looked up anew for many of their statements.
 */
export class PlainFrame implements SettingsFrame {
  readonly shape: string
  readonly tenantId: string
  readonly isEnclosed: boolean
  readonly #messages: SettingsMessages

  constructor ({ searchPath, tenantId }: TenantSettings, isEnclosed: boolean, messages: SettingsMessages) {
    this.shape = searchPath
    this.tenantId = tenantId
    this.isEnclosed = isEnclosed
    this.#messages = messages
  }

  current (): SettingsMessages {
    return this.#messages
  }
}
