import type { OpenSocket } from '../wire/index.ts'
import type { Connection } from './connection.ts'
import type { Cycle } from './cycle.ts'

/**
 * Seals the connection that has this cycle and no other one, so that a cancel can hit nothing else, and returns its
 * key. Undefined where others are queued behind it, or it is not on its way.
 */
export function sealFor (cycle: Cycle, connections: readonly Connection[]): OpenSocket['key'] | undefined {
  const connection = connections.find(({ head, depth }) => head === cycle && depth === 1)
  if (connection !== undefined) connection.isSealed = true
  return connection?.key
}
