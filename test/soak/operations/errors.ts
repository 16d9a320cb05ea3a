import type { Claim } from '../ledger.ts'

/** What the faults of the soak may make of a statement that is right. */
const OF_FAULTS = new Set([
  'FST_TENANCY_SQL_CONNECTION_LOST', 'FST_TENANCY_TRANSACTION_OUTCOME_UNKNOWN', 'FST_TENANCY_SQL_DEADLINE', 'FST_TENANCY_SQL_QUEUE_TIMEOUT',
  'FST_TENANCY_SQL_QUEUE_FULL', 'FST_TENANCY_DATABASE_UNREACHABLE', 'FST_TENANCY_REGISTRY_UNAVAILABLE', 'FST_TENANCY_TRANSACTION_ENDED',
  'FST_TENANCY_SQL_UNEXPECTED'
])

/** The code of an error, or its message where it has none. */
export function codeOf (error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code: unknown = Reflect.get(error, 'code')
  return typeof code === 'string' ? code : error.message
}

/** Tells whether the faults explain an error, whatever the statement was. */
export function isOfFaults (error: unknown): boolean {
  return OF_FAULTS.has(codeOf(error))
}

/** What an error promises about the rows of the write that failed with it. */
export function claimOf (error: unknown): Claim {
  return codeOf(error) === 'FST_TENANCY_TRANSACTION_OUTCOME_UNKNOWN' ? 'unknown' : 'without effect'
}

/** Whether the answer was one that nobody asked for: only a lie explains that. */
export function isDoubt (error: unknown): boolean {
  return error instanceof Error && (codeOf(error) === 'FST_TENANCY_SQL_UNEXPECTED' || isDoubt(error.cause))
}
