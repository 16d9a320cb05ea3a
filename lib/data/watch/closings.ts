import { runOutsideContext } from '../../settings/context/index.ts'
import type { TenancyLogger, TenantId } from '../../words/types.ts'

/** What is called when a tenant stops being served. */
export type OnClosed = () => unknown

/** Callbacks that wait for their tenant to stop being served. Each is called once at most. */
export class Closings {
  readonly #waiting = new Map<TenantId, Set<OnClosed>>()
  readonly #log: TenancyLogger

  constructor (log: TenancyLogger) {
    this.#log = log
  }

  get tenantIds (): readonly TenantId[] {
    return [...this.#waiting.keys()]
  }

  /** Returns what takes the callback back. */
  add (tenantId: TenantId, fn: OnClosed): () => void {
    const own: OnClosed = () => fn()
    const waiting = this.#waiting.get(tenantId) ?? new Set()
    this.#waiting.set(tenantId, waiting.add(own))
    return () => {
      waiting.delete(own)
      if (waiting.size === 0 && this.#waiting.get(tenantId) === waiting) this.#waiting.delete(tenantId)
    }
  }

  /** Calls what waits for this tenant, outside of every tenant: it is not served any more. */
  call (tenantId: TenantId): void {
    const waiting = this.#waiting.get(tenantId) ?? []
    this.#waiting.delete(tenantId)
    for (const fn of waiting) {
      runOutsideContext(async () => await fn()).catch((err: unknown) => this.#log.error({ err, tenant: tenantId }, 'a callback of onTenantClosed failed'))
    }
  }

  clear (): void {
    this.#waiting.clear()
  }
}
