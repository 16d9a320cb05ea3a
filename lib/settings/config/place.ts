import { ServerUnknownError } from '../../words/errors/index.ts'
import { DEFAULT_SERVER, type Place } from '../../words/types.ts'
import type { TenancyConfig } from './resolve.ts'
import type { DatabaseOption } from './schema.ts'

/** The databases of a server, by who logs in. */
export const DATABASE_ROLES = ['database', 'ownerDatabase', 'adminDatabase', 'operatorDatabase'] as const

/** One of them. */
export type DatabaseRole = typeof DATABASE_ROLES[number]

/** The part of the settings that says where servers are. */
export type ServersConfig = Pick<TenancyConfig, DatabaseRole | 'servers'>

/** Where the registry is. */
export const HOME: Place = Object.freeze({ server: DEFAULT_SERVER, database: null })

/**
 * Returns how to log in at a place, or undefined where the options give no such role.
 *
 * Rows of the registry name servers; how to log in is the options' alone, so that no row holds a password or leads
 * elsewhere.
 *
 * @throws {ServerUnknownError} FST_TENANCY_SERVER_UNKNOWN — the options do not name the server.
 */
export function databaseAt (config: ServersConfig, role: DatabaseRole, { server, database }: Place): DatabaseOption | undefined {
  const options = server === DEFAULT_SERVER ? config : Object.hasOwn(config.servers, server) ? config.servers[server] : undefined
  if (options === undefined) throw new ServerUnknownError()
  const main = options[role]
  return main === undefined || database === null ? main : withDatabase(main, database)
}

function withDatabase (option: DatabaseOption, database: string): DatabaseOption {
  if (typeof option !== 'string') {
    const { db: _, ...rest } = option
    return { ...rest, database }
  }
  const url = new URL(option)
  url.pathname = `/${encodeURIComponent(database)}`
  return url.href
}
