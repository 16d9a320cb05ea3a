import type { Router } from './router.ts'
import type { Session } from './session.ts'

/** What tenants have a connection alone for: transactions, reservations, cursors and COPY. */
export interface TenantsAlone {
  readonly tenantIds: readonly string[]
  /** Gives up all that one tenant has: what was open is rolled back, and its callers hear `reason`. */
  discard (tenantId: string, reason: () => Error): void
}

/** Returns what tenants have alone at the moment. */
export function tenantsAlone (sessions: ReadonlySet<Session>, router: Pick<Router, 'tenantIds' | 'discardTenant'>): TenantsAlone {
  return {
    tenantIds: [...[...sessions].map(({ tenantId }) => tenantId), ...router.tenantIds],
    discard (tenantId, reason) {
      for (const session of [...sessions]) if (session.tenantId === tenantId) session.discard(reason())
      router.discardTenant(tenantId, reason)
    }
  }
}
