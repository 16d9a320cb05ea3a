import type { Sql, TransactionSql } from 'postgres'
import { ContextRefusedError } from '../../../words/errors/index.ts'
import { TENANT_SETTING, quoteLiteral } from '../../../words/names.ts'

/** What the server answered to a statement that was tried, or that it refused. */
export type Tried = { readonly rows: readonly Record<string, unknown>[] } | { readonly refusal: string }

/** Tries statements as the application's role, each with a value of the tenant setting; undefined leaves the setting alone. */
export type TryStatement = (setting: string | undefined, text: string) => Promise<Tried>

/** The longest time for one attempt: an audit must not be what a database is slow by. */
const STATEMENT_MS = 30_000

/** Thrown to end the transaction; whoever began it takes it for the end. */
class RolledBack extends Error {}

/** Runs `fn` in a transaction that reads only and is rolled back. `sql` is a client that nobody else uses. */
export async function inRolledBack<T> (sql: Sql, fn: (attempt: TryStatement) => Promise<T>): Promise<T> {
  const done: T[] = []
  await sql.begin('read only', async (tx) => {
    // Without sequential scans plans look dear, and a server that compiles what is dear would compile for half a minute.
    await tx.unsafe(`set local statement_timeout = ${STATEMENT_MS}; set local lock_timeout = 1000; set local search_path = pg_catalog, pg_temp; set local enable_seqscan = off; set local jit = off`)
    done.push(await fn(async (setting, text) => await attempt(tx, setting, text)))
    throw new RolledBack()
  }).catch((error: unknown) => { if (!(error instanceof RolledBack)) throw error })
  const [result] = done
  if (result === undefined) throw new Error('the transaction ended before its work')
  return result
}

/** One message, so that the setting and the statement are tried together and both are undone. */
async function attempt (tx: TransactionSql, setting: string | undefined, text: string): Promise<Tried> {
  const set = setting === undefined ? '' : `set local ${TENANT_SETTING} to ${quoteLiteral(setting)};`
  try {
    const results: unknown = await tx.unsafe(`savepoint attempt; ${set} ${text}; rollback to savepoint attempt; release savepoint attempt`)
    return { rows: rowsOf(results) }
  } catch (error) {
    const refused = refusalOf(error)
    await tx.unsafe('rollback to savepoint attempt; release savepoint attempt')
    return refused
  }
}

/** What the server refused; anything else, such as a lost connection, is thrown: it must not read as "nothing came through". */
export function refusalOf (error: unknown): Tried {
  // The database has not got the keys yet, or has others: that is told by itself.
  if (error instanceof ContextRefusedError) return { refusal: error.message }
  if (error instanceof Error && 'code' in error && /^(?!08|57P)[0-9A-Z]{5}$/.test(String(error.code))) return { refusal: error.message }
  throw error
}

/** The driver begins another result with the first rows that come: those of the attempt. */
function rowsOf (results: unknown): readonly Record<string, unknown>[] {
  const rows: unknown = Array.isArray(results) ? results[1] : undefined
  if (!Array.isArray(rows)) throw new Error('the answer to an attempt cannot be read')
  return rows.map((row: unknown) => ({ ...Object(row) }))
}
