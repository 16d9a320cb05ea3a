import { channel } from 'node:diagnostics_channel'
import type { TenancyLogger } from '../../words/types.ts'

/** Each refusal is published here as `{ error }`, whoever hears or swallows the error itself (`node:diagnostics_channel`). */
export const REFUSALS = 'zakops-tenancy.refused'

const refusals = channel(REFUSALS)

/** Decides what a refusal does: throw, or in observe mode be logged and counted. */
export interface Enforcement {
  readonly isObserving: boolean
  /** How many refusals were let through since the start. */
  readonly observed: number
  /** Throws `error`; in observe mode it logs and counts it instead and returns. `details` go to the log only. */
  refuse (error: Error, details?: object): void
}

/** Returns the enforcement of one tenancy. Observing is warned about at once, and so at every start. */
export function createEnforcement (enforce: boolean, log: TenancyLogger): Enforcement {
  if (!enforce) log.warn({}, 'ENFORCE_TENANT_ISOLATION is false: what would be refused is only logged. Use this to find out what would break, not to run.')
  let observed = 0
  return {
    isObserving: !enforce,
    get observed () { return observed },
    refuse (error, details = {}) {
      if (refusals.hasSubscribers) refusals.publish({ error })
      if (enforce) throw error
      observed++
      log.warn({ ...details, err: error }, 'observed: this would be refused')
    }
  }
}
