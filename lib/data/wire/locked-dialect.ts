import { setLocal, setLocalDialect } from './set-local.ts'
import type { SettingsDialect } from './settings-frame.ts'

/**
 * How settings reach a server that has taken `set_config` from the application's role: as `set local`, which is a statement, so
 * that no expression can be one. A statement of a tenant's comes by itself in the extended protocol, and a text of several is
 * read before it is sent.
 */
export function lockedDialect ({ isNamed }: { readonly isNamed: boolean }): SettingsDialect {
  return setLocalDialect({ isNamed, statementsOf: setLocal })
}
