import { type DatabaseOption, type ServersConfig, databaseAt } from '../../settings/config/index.ts'
import type { Place } from '../../words/types.ts'

/** Returns the role that a database option logs in as. */
export function roleOf (database: DatabaseOption): string {
  if (typeof database === 'string') return decodeURIComponent(new URL(database).username)
  return database.user ?? database.username ?? ''
}

/** Returns the application's role at a place. */
export function roleAt (config: ServersConfig, place: Place): string {
  const database = databaseAt(config, 'database', place)
  return database === undefined ? '' : roleOf(database)
}
