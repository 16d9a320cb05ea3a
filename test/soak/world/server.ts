import { randomBytes } from 'node:crypto'
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { findBinaries, prepareBinaries } from '../../../lib/faces/testing/binaries.ts'
import { findServerUser, findTemporaryFolder } from '../../../lib/faces/testing/server-user.ts'
import { type RunningServer, createCluster, startServer } from '../../../lib/faces/testing/server.ts'

/** How PostgreSQL ends: `fast` ends every session first, `immediate` recovers from its log when it starts. */
export type StopMode = 'fast' | 'immediate'

const SIGNALS = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const

/** A PostgreSQL that is stopped and started again on the same port, with the same data. */
export interface SoakServer {
  /** The URL of its superuser. */
  readonly url: string
  /** Stops it and returns when it is ready again. */
  restart (mode: StopMode, pauseMs: number): Promise<void>
  /** Ends it for good and removes its directory. */
  end (): Promise<void>
}

/** Starts an empty PostgreSQL. */
export async function startSoakServer (): Promise<SoakServer> {
  const user = findServerUser()
  const directory = mkdtempSync(join(findTemporaryFolder(user), 'zakops-tenancy-'))
  const ending = new AbortController()
  const remove = (): void => rmSync(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  try {
    if (user !== undefined) chownSync(directory, user.uid, user.gid)
    const place = { binaries: prepareBinaries(findBinaries(), directory, user), directory, user, ending: ending.signal }
    const password = randomBytes(18).toString('base64url')
    await createCluster(place, password)
    let running = await startServer(place, 0)
    const { port } = running
    return {
      url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
      restart: async (mode, pauseMs) => {
        process.kill(processOf(directory), SIGNALS[mode])
        await ended(running)
        await new Promise((resolve) => { setTimeout(resolve, pauseMs) })
        running = await startServer(place, port)
      },
      end: async () => {
        ending.abort()
        await ended(running)
        remove()
      }
    }
  } catch (error) {
    ending.abort()
    remove()
    throw error
  }
}

/** Whatever the reason was: here it is always ours. */
async function ended (server: RunningServer): Promise<void> {
  await server.ended.catch(() => {})
}

function processOf (directory: string): number {
  return Number(readFileSync(join(directory, 'data', 'postmaster.pid'), 'utf8').split('\n')[0])
}
