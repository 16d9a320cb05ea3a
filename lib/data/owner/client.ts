import postgres from 'postgres'
import type { Sql } from 'postgres'
import { DatabaseUnreachableError } from '../../words/errors.ts'
import type { DatabaseOption } from '../../settings/config/index.ts'
import { readPassword } from '../wire/index.ts'

/** How a short-lived client connects. */
export interface ShortClientOptions {
  /** The longest wait for the connection, in milliseconds. */
  readonly connectTimeout: number
  /** What `pg_stat_activity` shows. */
  readonly applicationName: string
}

const END_SECONDS = 5

/**
 * Runs `fn` with a client of one connection, and ends the client when `fn` settles.
 *
 * @throws {DatabaseUnreachableError} FST_TENANCY_DATABASE_UNREACHABLE — no connection; `cause` says why. What `fn`
 * throws comes out as it is.
 */
export async function withShortClient<T> (database: DatabaseOption, options: ShortClientOptions, fn: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = openClient(await fetchPassword(database), options)
  try {
    await connect(sql)
    return await fn(sql)
  } finally {
    await sql.end({ timeout: END_SECONDS })
  }
}

/** A first statement by itself, so that what goes wrong in it is the connection and nothing else. */
async function connect (sql: Sql): Promise<void> {
  try {
    await sql`select 1`
  } catch (cause) {
    throw new DatabaseUnreachableError({ cause })
  }
}

/** Fetched here, because the driver does it in a promise that nobody handles (D-09). */
async function fetchPassword (database: DatabaseOption): Promise<DatabaseOption> {
  if (typeof database === 'string' || typeof (database.pass ?? database.password) !== 'function') return database
  try {
    const { pass, password, ...rest } = database
    return { ...rest, password: await readPassword(pass ?? password) }
  } catch (cause) {
    throw new DatabaseUnreachableError({ cause })
  }
}

function openClient (database: DatabaseOption, { connectTimeout, applicationName }: ShortClientOptions): Sql {
  const own = {
    max: 1,
    // Statements whose tables change between two runs make the driver send them again, out of order (D-08).
    prepare: false,
    fetch_types: false,
    // What is left out comes from the environment; without a pipeline begin() never returns (D-04).
    max_pipeline: 100,
    debug: false,
    connect_timeout: Math.max(1, Math.ceil(connectTimeout / 1000)),
    onnotice: () => {}
  }
  const name = { application_name: applicationName }
  return typeof database === 'string'
    ? postgres(database, { ...own, connection: name })
    : postgres({ ...database, ...own, connection: { ...database.connection, ...name } })
}
