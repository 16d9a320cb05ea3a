import type { Lane } from './lane.ts'
import type { Session } from './session.ts'

/** What tenants have a connection alone for: transactions, reservations, cursors and COPY. */
export interface TenantsAlone {
  readonly tenantIds: readonly string[]
  /** Gives up all that one tenant has: what was open is rolled back, and its callers hear `reason`. */
  discard (tenantId: string, reason: () => Error): void
}

/** Returns what tenants have alone at the moment: `lanes` are those that have a connection alone. */
export function tenantsAlone (sessions: readonly Session[], lanes: readonly Lane[]): TenantsAlone {
  return {
    tenantIds: [...sessions.map(({ tenantId }) => tenantId), ...lanes.flatMap(({ task }) => task === undefined ? [] : [task.frame.tenantId])],
    discard (tenantId, reason) {
      for (const session of sessions) if (session.tenantId === tenantId) session.discard(reason())
      for (const lane of lanes) if (lane.task?.frame.tenantId === tenantId) lane.discard(reason())
    }
  }
}
