import type { TenantSettings } from '../../words/types.ts'
import { setLocal, setLocalDialect } from './set-local.ts'
import type { SettingsDialect } from './settings-frame.ts'

/**
 * How settings reach the workers of Citus: `set local` alone is sent on to them, inside of an explicit transaction, and only after
 * `citus.propagate_set_commands` says so. `set_config` reaches the coordinator and no worker.
 */
export function citusDialect ({ isNamed }: { readonly isNamed: boolean }): SettingsDialect {
  return setLocalDialect({ isNamed, statementsOf: citusSettings })
}

/** Returns what sets the tenant settings of a transaction on Citus, each a statement of its own, in their order. */
export function citusSettings (settings: TenantSettings): readonly string[] {
  return ["set local citus.propagate_set_commands to 'local'", ...setLocal(settings)]
}
