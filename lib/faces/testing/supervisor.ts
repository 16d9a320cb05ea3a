// A process of its own, forked by start-database.ts: starts PostgreSQL, reports its URL, and when the IPC channel
// closes – stop() was called, or the parent died of whatever – stops it, removes its directory and ends.
import { randomBytes } from 'node:crypto'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { prepareBinaries } from './binaries.ts'
import { createCluster, startServer } from './server.ts'
import { findServerUser, findTemporaryFolder } from './server-user.ts'

const [packaged = '', port = '0'] = process.argv.slice(2)
const ending = new AbortController()
process.once('disconnect', () => ending.abort())
process.on('SIGTERM', () => ending.abort())

// The parent may have died while this was being loaded; nothing has been made yet.
if (process.connected) await supervise()

async function supervise (): Promise<void> {
  const user = findServerUser()
  const directory = mkdtempSync(join(findTemporaryFolder(user), 'zakops-tenancy-'))
  try {
    if (user !== undefined) chownSync(directory, user.uid, user.gid)
    const binaries = prepareBinaries(packaged, directory, user)
    const password = randomBytes(18).toString('base64url')
    const place = { binaries, directory, user, ending: ending.signal }
    await createCluster(place, password)
    const server = await startServer(place, Number(port))
    report({ url: `postgres://postgres:${password}@127.0.0.1:${server.port}/postgres` })
    await server.ended
  } catch (error) {
    process.exitCode = 1
    report({ problem: error instanceof Error ? error.message : String(error) })
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
    if (process.connected) process.disconnect()
  }
}

function report (message: object): void {
  // The callback takes the error of a parent that died in this moment.
  if (process.connected) process.send?.(message, () => {})
}
