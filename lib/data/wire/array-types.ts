import { runOutsideContext } from '../../settings/context/index.ts'
import type { Driver } from './driver.ts'
import { oneSocket } from './socket.ts'

/**
 * Reads the server's array types into what all clients of `driver` share, so that arrays come back as arrays. Once, by a
 * client of its own: the driver would read them anew for every lane.
 */
export async function readArrayTypes (driver: Driver, timeoutMs: number): Promise<void> {
  if (!driver.fetchTypes) return
  await runOutsideContext(async () => {
    const client = driver.open({ fetch_types: true, socket: oneSocket(driver.address, timeoutMs, () => {}) })
    try {
      await client`select`
    } finally {
      await client.end({ timeout: 1 })
    }
  })
}
