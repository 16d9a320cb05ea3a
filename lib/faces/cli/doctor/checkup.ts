import type { TenancyConfig } from '../../../settings/config/index.ts'
import type { Place } from '../../../words/types.ts'
import type { PlainError } from '../failure.ts'

/** What one look at one server said. */
export interface Checkup {
  readonly server: string
  readonly check: string
  /** `skipped`: the options do not ask for it. Only `failed` fails the whole. */
  readonly state: 'ok' | 'warning' | 'failed' | 'skipped'
  readonly detail: string
}

/** What the checks of one server look at. */
export interface Patient {
  readonly config: TenancyConfig
  readonly place: Place
  plainError (error: unknown): PlainError
}

/** What a check says when nothing went wrong while it looked. */
export type Verdict = Pick<Checkup, 'state' | 'detail'>

/** Looks, and makes a failed line of whatever goes wrong meanwhile. */
export async function look (patient: Patient, check: string, fn: () => Promise<Verdict>): Promise<Checkup> {
  const { place: { server }, plainError } = patient
  try {
    return { server, check, ...await fn() }
  } catch (error) {
    const { message, because = [] } = plainError(error)
    return { server, check, state: 'failed', detail: [message, ...because].join(' ') }
  }
}

export function isBad ({ state }: Checkup): boolean {
  return state === 'failed'
}
