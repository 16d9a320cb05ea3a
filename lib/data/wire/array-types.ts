import { runOutsideContext } from '../../settings/context/index.ts'
import type { Driver } from './driver.ts'

/**
 * Reads the server's array types into what all clients of `driver` share, so that arrays come back as arrays. Once, by a
 * client of its own: the driver would read them anew for every lane.
 */
export async function readArrayTypes (driver: Driver): Promise<void> {
  if (!driver.fetchTypes) return
  await runOutsideContext(async () => {
    const client = driver.open(() => {}, { fetch_types: true })
    try {
      await client.sql`select`
      await client.sql.end({ timeout: 1 })
    } finally {
      client.abort()
    }
  })
}
