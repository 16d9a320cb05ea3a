import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createCluster, startServer } from '../../lib/faces/testing/server.ts'
import { findServerUser, findTemporaryFolder } from '../../lib/faces/testing/server-user.ts'
import type { TestScope } from './database.ts'

/** Starts the PostgreSQL 15 of Debian's package, whose pg_dump is there too, and stops it when `t` ends. Returns the superuser's URL. */
export async function debianServer (t: TestScope): Promise<string> {
  const user = findServerUser()
  const directory = mkdtempSync(join(findTemporaryFolder(user), 'zakops-tenancy-'))
  if (user !== undefined) chownSync(directory, user.uid, user.gid)
  const ending = new AbortController()
  const place = { binaries: '/usr/lib/postgresql/15', directory, user, ending: ending.signal }
  await createCluster(place, 'debian')
  const { port, ended } = await startServer(place, 0)
  t.teardown(async () => {
    ending.abort()
    await ended.catch(() => {})
    rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  })
  return `postgres://postgres:debian@127.0.0.1:${port}/postgres`
}
