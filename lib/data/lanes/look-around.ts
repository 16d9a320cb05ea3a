import { cleanSession } from './clean.ts'
import type { Connection } from './connection.ts'
import { isOld } from './shared-connections.ts'

/** After this long without work a connection is cleaned of what functions may have left in its session. */
const QUIET_MS = 1_000
/** The server stops a statement at its deadline by itself; ours is for a server or network that does not answer. */
const GRACE_MS = 1_000

/** Gives up connections that do not answer, closes those that are old, and cleans those that have been quiet for a while. */
export function lookAround (shared: readonly Connection[], alone: readonly Connection[], { statement, transaction }: { readonly statement: number, readonly transaction: number }): void {
  const now = performance.now()
  for (const connection of [...shared, ...alone]) {
    connection.flush()
    const limit = connection.head?.isLong === true ? Math.max(transaction, statement) : statement
    connection.checkDeadline(now, limit + GRACE_MS)
  }
  for (const connection of shared) {
    if (connection.depth > 0 || !connection.isUsable) continue
    if (isOld(connection)) connection.close()
    else if (connection.isUsed && now - connection.headSince > QUIET_MS) clean(connection)
  }
}

function clean (connection: Connection): void {
  cleanSession(connection)
  connection.flush()
}
