import type { Sql } from 'postgres'
import { AdminMissingError, NotSetUpError, OperatorMissingError, OwnerMissingError, OwnerWrongError } from '../../words/errors/index.ts'
import { CONTROL_SCHEMA } from '../../words/names.ts'
import { type DatabaseRole, HOME, type ServersConfig, type TenancyConfig, databaseAt } from '../../settings/config/index.ts'
import type { Place } from '../../words/types.ts'
import { withShortClient } from './client.ts'

/** The part of the settings that the owner's connection needs. */
export type OwnerConfig = ServersConfig & Pick<TenancyConfig, 'timeouts'>

/**
 * Runs `fn` with a client of one connection, logged in at `place` as the role that owns the schemas. The client ends with `fn`:
 * a process that serves requests does not keep the owner's connection.
 *
 * @throws {OwnerMissingError} FST_TENANCY_PROVISION_OWNER_MISSING — there is no `ownerDatabase`.
 * @throws {DatabaseUnreachableError} FST_TENANCY_DATABASE_UNREACHABLE — no connection; `cause` says why.
 * @throws {NotSetUpError} FST_TENANCY_PROVISION_NOT_SET_UP — the database has no registry.
 * @throws {OwnerWrongError} FST_TENANCY_PROVISION_OWNER_WRONG — another role owns it.
 */
export async function withOwner<T> (config: OwnerConfig, fn: (sql: Sql) => Promise<T>, place: Place = HOME): Promise<T> {
  return withRole(config, 'ownerDatabase', place, async (sql) => {
    await assertOwner(sql)
    return fn(sql)
  })
}

/**
 * Runs `fn` with a client of one connection, logged in at `place` as the role that may create databases.
 *
 * @throws {AdminMissingError} FST_TENANCY_PROVISION_ADMIN_MISSING — the options give no `adminDatabase` there.
 */
export async function withAdmin<T> (config: OwnerConfig, fn: (sql: Sql) => Promise<T>, place: Place): Promise<T> {
  return withRole(config, 'adminDatabase', place, fn)
}

/**
 * Runs `fn` with a client of one connection, logged in at `place` as the role that sees the rows of every tenant.
 *
 * @throws {OperatorMissingError} FST_TENANCY_OPERATOR_MISSING — the options give no `operatorDatabase` there.
 */
export async function withOperator<T> (config: OwnerConfig, fn: (sql: Sql) => Promise<T>, place: Place = HOME): Promise<T> {
  return withRole(config, 'operatorDatabase', place, fn)
}

async function withRole<T> (config: OwnerConfig, role: DatabaseRole, place: Place, fn: (sql: Sql) => Promise<T>): Promise<T> {
  const database = databaseAt(config, role, place)
  if (database === undefined) throw missing(role)
  const options = { connectTimeout: config.timeouts.connect, applicationName: `zakops-tenancy ${role.replace('Database', '')}` }
  return withShortClient(database, options, fn)
}

function missing (role: DatabaseRole): Error {
  if (role === 'operatorDatabase') return new OperatorMissingError()
  return role === 'adminDatabase' ? new AdminMissingError() : new OwnerMissingError()
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
