import type { Sql } from 'postgres'
import { DatabaseUnreachableError } from '../../words/errors/index.ts'
import type { DatabaseOption } from '../../settings/config/index.ts'
import { openDriver } from '../wire/index.ts'

/** How a short-lived client connects. */
export interface ShortClientOptions {
  /** The longest wait for the connection, in milliseconds. */
  readonly connectTimeout: number
  /** What `pg_stat_activity` shows. */
  readonly applicationName: string
}

const END_SECONDS = 5

/**
 * Runs `fn` with a client of one connection, and ends the client when `fn` settles. The client does not connect again: when
 * the connection is lost, whatever `fn` still sends fails.
 *
 * @throws {DatabaseUnreachableError} FST_TENANCY_DATABASE_UNREACHABLE — no connection; `cause` says why. What `fn`
 * throws comes out as it is.
 */
export async function withShortClient<T> (database: DatabaseOption, options: ShortClientOptions, fn: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = await connect(database, options)
  try {
    return await fn(sql)
  } finally {
    await sql.end({ timeout: END_SECONDS })
  }
}

async function connect (database: DatabaseOption, { connectTimeout, applicationName }: ShortClientOptions): Promise<Sql> {
  const driver = openDriver(database, Math.max(1_000, connectTimeout))
  try {
    return await driver.openShort({ applicationName })
  } catch (cause) {
    throw new DatabaseUnreachableError({ cause })
  }
}
