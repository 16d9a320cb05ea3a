import type { Sql } from 'postgres'
import { NotSetUpError, OwnerMissingError, OwnerWrongError } from '../../words/errors.ts'
import { CONTROL_SCHEMA } from '../../words/names.ts'
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
 * @throws {NotSetUpError} FST_TENANCY_PROVISION_NOT_SET_UP — the database has no registry.
 * @throws {OwnerWrongError} FST_TENANCY_PROVISION_OWNER_WRONG — another role owns it.
 */
export async function withOwner<T> (config: OwnerConfig, fn: (sql: Sql) => Promise<T>): Promise<T> {
  if (config.ownerDatabase === undefined) throw new OwnerMissingError()
  const options = { connectTimeout: config.timeouts.connect, applicationName: 'zakops-tenancy owner' }
  return withShortClient(config.ownerDatabase, options, async (sql) => {
    await assertOwner(sql)
    return fn(sql)
  })
}

/**
 * Looks at the role before it makes anything: what a superuser creates, the owner cannot use later, and the
 * application's role would take the rows that its policies hide for rows that are not there.
 */
async function assertOwner (sql: Sql): Promise<void> {
  // From the catalogs: `to_regclass` fails where the role may not use the schema.
  const [registry] = await sql`
    select n.nspowner = (select r.oid from pg_catalog.pg_roles r where r.rolname = current_user) as owned
    from pg_catalog.pg_namespace n join pg_catalog.pg_class c on c.relnamespace = n.oid
    where n.nspname = ${CONTROL_SCHEMA} and c.relname = 'tenants'`
  if (registry === undefined) throw new NotSetUpError()
  if (registry['owned'] !== true) throw new OwnerWrongError()
}
