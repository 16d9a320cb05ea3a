import type { TenantId } from '../../words/types.ts'
import type { CheckedOptions } from './options.ts'
import type { Plan, Task } from './plan.ts'
import type { Outcome } from './record.ts'

/** What happened to one tenant. */
export interface TenantMigration {
  readonly tenantId: TenantId
  /** `skipped`: the run was stopped before it, or it is not one that is served. */
  readonly state: Outcome['state']
  /** The migrations that were applied now. Tenants of the shared schema all show what was applied there. */
  readonly applied: readonly string[]
  /** Why it was left as it was. */
  readonly error?: Error
}

/** Rates say something only when this many are finished. */
const ENOUGH = 20

/** Counts what is finished, tells how far it is, and says when it is enough. */
export class Tally {
  readonly #options: CheckedOptions
  readonly #runId: string
  readonly #since = performance.now()
  readonly #results = new Map<TenantId, TenantMigration>()
  readonly #total: number
  #done = 0
  #failed = 0
  /** Why the run does not go on; undefined while it does. */
  stoppedBecause: string | undefined

  constructor (runId: string, options: CheckedOptions, { waves, skipped }: Plan) {
    this.#runId = runId
    this.#options = options
    const tenants = waves.flat().flatMap((task) => task.tenants)
    this.#total = tenants.length
    // Skipped unless something else becomes of it.
    for (const { id } of [...tenants, ...skipped]) this.#results.set(id, { tenantId: id, state: 'skipped', applied: [] })
  }

  /** In the order of the tenants' ids. */
  get results (): readonly TenantMigration[] {
    return [...this.#results.values()].sort((a, b) => (a.tenantId < b.tenantId ? -1 : 1))
  }

  get ms (): number {
    return Math.round(performance.now() - this.#since)
  }

  note ({ tenants }: Task, { state, applied, error }: Outcome, isCanary: boolean): void {
    for (const { id } of tenants) this.#results.set(id, { tenantId: id, state, applied, ...(error === undefined ? {} : { error }) })
    if (state === 'failed') this.#failed += tenants.length
    else this.#done += tenants.length
    this.stoppedBecause ??= this.#reasonToStop(state === 'failed' && isCanary)
    this.#tell()
  }

  #reasonToStop (hasCanaryFailed: boolean): string | undefined {
    const { failures, rate } = this.#options.stopAfter
    const finished = this.#done + this.#failed
    if (hasCanaryFailed) return 'a canary failed'
    if (this.#failed >= failures) return `${this.#failed} tenants failed`
    if (finished >= ENOUGH && this.#failed / finished > rate) return `${this.#failed} of the first ${finished} tenants failed`
    return undefined
  }

  #tell (): void {
    const finished = this.#done + this.#failed
    const remainingMs = Math.round(this.ms / finished * (this.#total - finished))
    try {
      this.#options.onProgress?.({ runId: this.#runId, done: this.#done, failed: this.#failed, total: this.#total, ms: this.ms, remainingMs })
    } catch {
      // Whoever only watches must not stop the run.
    }
  }
}
