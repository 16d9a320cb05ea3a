import type { DatabaseOption } from '../../settings/config/index.ts'

/** Returns the role that a database option logs in as. */
export function roleOf (database: DatabaseOption): string {
  if (typeof database === 'string') return decodeURIComponent(new URL(database).username)
  return database.user ?? database.username ?? ''
}
