import type { Finding, FindingSeverity } from '../../words/types.ts'

/** The three promises of an isolated service. */
export type PromiseName = 'connections' | 'code' | 'configuration'

/** What one check of one promise came to. */
export interface Proof {
  readonly promise: PromiseName
  readonly check: string
  /** `skipped`: it could not be tried, or has no meaning here; `detail` says why. */
  readonly state: 'ok' | 'failed' | 'skipped'
  readonly detail: string
}

/** What a check says when nothing went wrong while it looked. */
export type Verdict = { readonly ok: string } | { readonly skipped: string } | { readonly findings: readonly Finding[] }

/** Says what went wrong, without secrets. */
export type Explain = (error: unknown) => string

/** Collects what checks say. One that cannot look has failed: nothing is known of what it was to show. */
export class Protocol {
  readonly proofs: Proof[] = []
  readonly findings: Finding[] = []
  readonly #explain: Explain

  constructor (explain: Explain) {
    this.#explain = explain
  }

  async prove (promise: PromiseName, check: string, look: () => Promise<Verdict>): Promise<void> {
    const verdict = await look().catch((error: unknown): Verdict => ({
      findings: [finding(check, 'probe', `The check could not be made: ${this.#explain(error)}`, '-- repair the cause and run it again')]
    }))
    if ('findings' in verdict && verdict.findings.length > 0) {
      this.findings.push(...verdict.findings)
      this.proofs.push({ promise, check, state: 'failed', detail: `${verdict.findings.length} found: ${verdict.findings[0]?.object ?? ''}` })
    } else if ('skipped' in verdict) this.proofs.push({ promise, check, state: 'skipped', detail: verdict.skipped })
    else this.proofs.push({ promise, check, state: 'ok', detail: 'ok' in verdict ? verdict.ok : 'nothing was found' })
  }
}

export function finding (check: string, object: string, message: string, repair: string, severity: FindingSeverity = 'fatal'): Finding {
  return { check, severity, object, message, repair }
}
