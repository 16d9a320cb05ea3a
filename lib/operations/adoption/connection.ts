import type { Sql } from 'postgres'
import { NotSetUpError, OwnerMissingError } from '../../words/errors/index.ts'
import { CONTROL_SCHEMA } from '../../words/names.ts'
import { DEFAULT_SERVER } from '../../words/types.ts'
import { type DatabaseOption, type TenancyConfig, databaseAt } from '../../settings/config/index.ts'
import { withShortClient } from '../../data/owner/index.ts'

const APPLICATION = 'zakops-tenancy adopt'

/**
 * Returns how to log in where the tables of the service are, as the administrator where the options name one: only a superuser,
 * or a member of every role that owns something there, can give tables to another owner.
 *
 * @throws {OwnerMissingError} FST_TENANCY_PROVISION_OWNER_MISSING — the options name neither.
 */
export function adopterDatabase (config: TenancyConfig): DatabaseOption {
  const database = databaseNameOf(config.ownerDatabase ?? config.database)
  // The URL of an administrator often names another database, such as "postgres".
  const found = config.adminDatabase === undefined ? config.ownerDatabase : databaseAt(config, 'adminDatabase', { server: DEFAULT_SERVER, database })
  if (found === undefined) throw new OwnerMissingError()
  return found
}

/** Runs `fn` with a client of one connection there, which ends with `fn`. */
export async function withAdopter<T> (config: TenancyConfig, fn: (sql: Sql) => Promise<T>): Promise<T> {
  return await withShortClient(adopterDatabase(config), { connectTimeout: config.timeouts.connect, applicationName: APPLICATION }, fn)
}

/** Refuses a database without this package's schema, or with that of an older version. */
export async function assertSetUp (sql: Sql): Promise<void> {
  if (!await isSetUp(sql)) throw new NotSetUpError()
}

export async function isSetUp (sql: Sql): Promise<boolean> {
  const rows = await sql`
    select 1 from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${CONTROL_SCHEMA} and c.relname = 'adoptions'`
  return rows.length > 0
}

export function databaseNameOf (option: DatabaseOption): string | null {
  if (typeof option === 'string') return decodeURIComponent(new URL(option).pathname.slice(1))
  const { database, db } = option
  return database ?? db ?? null
}
