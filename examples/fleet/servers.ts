import postgres, { type Sql } from 'postgres'
import { startDatabase } from 'zakops-tenancy/testing'
import { makeRoles } from '../server/databases.ts'
import type { Databases } from './messages.ts'

/** The two servers of the fleet. The registry is on the first. */
export interface Servers {
  readonly first: Databases
  readonly second: Databases
}

/** Prepares both servers: those of the URLs, else two that are started here. `onStarted` is given what stops one. */
export async function openServers (urls: readonly string[], onStarted: (stop: () => Promise<void>) => void): Promise<Servers> {
  const [first, second] = await Promise.all([0, 1].map((index) => openServer(urls[index], onStarted)))
  if (first === undefined || second === undefined) throw new Error('A fleet has two servers.')
  return { first, second }
}

async function openServer (given: string | undefined, onStarted: (stop: () => Promise<void>) => void): Promise<Databases> {
  const { url, stop } = given === undefined ? await startDatabase() : { url: given, stop: async () => {} }
  onStarted(stop)
  return { ...await makeRoles(url), adminDatabase: url }
}

/** Counts the connections of the fleet on both servers until it is stopped, which returns the most that were open at once. */
export function watchConnections ({ first, second }: Servers): () => Promise<number> {
  const clients = [first, second].map(({ adminDatabase }) => connect(adminDatabase))
  let most = 0
  const ending = new AbortController()
  const watching = (async () => {
    while (!ending.signal.aborted) {
      const counts = await Promise.all(clients.map(countConnections))
      most = Math.max(most, counts.reduce((sum, count) => sum + count, 0))
      await new Promise((resolve) => { setTimeout(resolve, 25) })
    }
  })()
  watching.catch(() => {})
  return async () => {
    ending.abort()
    await watching.finally(() => Promise.all(clients.map((client) => client.end())))
    return most
  }
}

async function countConnections (sql: Sql): Promise<number> {
  const [row] = await sql`
    select count(*)::int as count from pg_stat_activity where backend_type = 'client backend' and application_name <> ${WATCHER}`
  return Number(row?.['count'])
}

const WATCHER = 'fleet watcher'

/** Returns an administrator's client of one connection that is not counted. */
export function connect (url: string): Sql {
  return postgres(url, { max: 1, onnotice: () => {}, connection: { application_name: WATCHER } })
}
