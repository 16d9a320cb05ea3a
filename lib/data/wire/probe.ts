import { runOutsideContext } from '../../settings/context/index.ts'
import type { Driver } from './driver.ts'
import { letResultsBeCompiled } from './driver-query.ts'

/** What has to be known of a server before anything else is sent. */
export interface ServerFacts {
  /** Whether a pooler stands in between: the process that was named at log-in is not the one that answers. */
  readonly isPooled: boolean
  /** Whether Citus is installed in the database: it needs settings, policies and schemas of another shape. */
  readonly isCitus: boolean
}

/**
 * Logs in once with a client of the driver's own: reads the array types into what all clients of `driver` share, so that
 * arrays come back as arrays, and looks who answers.
 */
export async function probeServer (driver: Driver): Promise<ServerFacts> {
  return await runOutsideContext(async () => {
    const client = driver.open(() => {}, { fetch_types: driver.fetchTypes })
    try {
      // As text by position: the user's options may rename columns and parse numbers.
      const result = await client.sql`select pg_catalog.pg_backend_pid()::text, (select extname::text from pg_catalog.pg_extension where extname = 'citus')`.raw()
      letResultsBeCompiled(result)
      const pid = Number(result[0]?.[0]?.toString())
      await client.sql.end({ timeout: 1 })
      return { isPooled: Reflect.get(result.state, 'pid') !== pid, isCitus: result[0]?.[1]?.toString() === 'citus' }
    } finally {
      client.abort()
    }
  })
}
