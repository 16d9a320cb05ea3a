import type { Sql } from 'postgres'
import { withShortClient } from '../../data/owner/index.ts'

/** Runs `fn` with a client of the superuser, on connections that count as this package's own. */
export async function withServer<T> (url: string, fn: (sql: Sql) => Promise<T>): Promise<T> {
  return await withShortClient(url, { connectTimeout: 10_000, applicationName: 'zakops-tenancy testing' }, fn)
}
