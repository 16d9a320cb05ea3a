import { CANCELS } from './cancels.ts'
import { READS } from './reads.ts'
import { REFUSALS } from './refusals.ts'
import { SESSIONS } from './sessions.ts'
import type { Operation } from './stage.ts'
import { TRANSACTIONS } from './transactions.ts'
import { VALUES } from './values.ts'
import { WRITES } from './writes.ts'

/** Everything that tenants do. */
export const OPERATIONS: readonly Operation[] = [...READS, ...WRITES, ...TRANSACTIONS, ...SESSIONS, ...VALUES, ...REFUSALS, ...CANCELS]

// Shared connections are where answers can be mixed up, so what shares them is asked for more often than what has one
// alone; and what few tenants do, or what is over in a moment, would be missed by the faults that are for it.
const OFTEN: ReadonlyMap<string, number> = new Map([
  ['read', 5], ['reads side by side', 5], ['insert', 5], ['insert by unsafe', 5], ['insert what may not fit', 8], ['read by unsafe', 5], ['copy in', 8], ['copy out', 3], ['cursor', 5], ['serializable', 3], ['forgotten awaits', 4], ['transaction inside a transaction', 4], ['reserve and commit', 4], ['read a table that changes', 4], ['leave a setting behind in passing', 5], ['find a connection clean', 5], ['transaction that idles too long', 2]
])

/** The same, each as often as it is asked for. */
export const DECK: readonly Operation[] = OPERATIONS.flatMap((operation) => Array.from({ length: OFTEN.get(operation.kind) ?? 1 }, () => operation))
