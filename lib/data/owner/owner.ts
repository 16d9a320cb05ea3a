import type { Sql } from 'postgres'
import { OwnerMissingError } from '../../words/errors.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { withShortClient } from './client.ts'

/** The part of the settings that the owner's connection needs. */
export type OwnerConfig = Pick<TenancyConfig, 'ownerDatabase' | 'timeouts'>

/**
 * Runs `fn` with a client of one connection, logged in as the role that owns the schemas. The client ends with `fn`:
 * a process that serves requests does not keep the owner's connection.
 *
 * @throws {OwnerMissingError} FST_TENANCY_PROVISION_OWNER_MISSING — there is no `ownerDatabase`.
 * @throws {DatabaseUnreachableError} FST_TENANCY_DATABASE_UNREACHABLE — no connection; `cause` says why.
 */
export async function withOwner<T> (config: OwnerConfig, fn: (sql: Sql) => Promise<T>): Promise<T> {
  if (config.ownerDatabase === undefined) throw new OwnerMissingError()
  const options = { connectTimeout: config.timeouts.connect, applicationName: 'zakops-tenancy owner' }
  return withShortClient(config.ownerDatabase, options, fn)
}
