import postgres from 'postgres'
import type { TransactionSql } from 'postgres'
import { RoleSetupFailedError } from '../../words/errors.ts'
import { CONTROL_SCHEMA, quoteIdentifier } from '../../words/names.ts'
import { inTransaction, takeLock, withShortClient } from '../../data/owner/index.ts'
import { controlSchemaStatements, plainSchemaStatements } from './control-schema.ts'
import { type SetUpRequest, checkSetUp } from './request.ts'
import { asRole, ensureRole, revokeMemberships } from './role.ts'

// Roles belong to the server and the lock to one database, so two databases can still meet at a role: duplicate object,
// unique violation, "tuple concurrently updated". The loser's transaction is gone and simply runs again.
const CONFLICTS = new Set(['42710', '23505', 'XX000', '40001', '40P01'])
const ATTEMPTS = 5

const LOCK_TIMEOUT = 30_000
const CONNECT_TIMEOUT = 10_000

/**
 * Prepares a database for tenants: the two roles, the schema of this package, the shared and the extensions schema.
 *
 * One transaction under a lock, so that several processes can call it at every start; what is right already stays as
 * it is. A role that exists keeps its password unless one is given; of a password only its SCRAM-SHA-256 verifier is
 * sent. An existing application role loses its memberships and powers; what it owns is left to {@link runAudit} to find.
 *
 * @example
 * import { setUpDatabase } from 'zakops-tenancy'
 *
 * await setUpDatabase({
 *   adminDatabase: 'postgres://postgres@127.0.0.1:5432/zakops',
 *   owner: { name: 'zakops_owner', password: process.env['OWNER_PASSWORD'] ?? '' },
 *   app: { name: 'zakops_app', password: process.env['APP_PASSWORD'] ?? '' }
 * })
 *
 * The SQL sent:
 *   begin; create role … login nosuperuser nobypassrls …; alter role … in database … set search_path = '';
 *   revoke temporary on database … from public; revoke create on schema public from public;
 *   create schema zakops_tenancy; create table zakops_tenancy.tenants (…); …; commit
 *
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — the request cannot be used; the message lists every problem.
 * @throws {RoleSetupFailedError} FST_TENANCY_ROLE_SETUP_FAILED — the administrator may not, or a name is taken; `cause` says which.
 * @throws {DatabaseUnreachableError} FST_TENANCY_DATABASE_UNREACHABLE — no connection.
 */
export async function setUpDatabase (request: SetUpRequest): Promise<void> {
  const { sharedSchema, extensionsSchema } = checkSetUp(request)
  const schemas = [sharedSchema, extensionsSchema]
  const options = { connectTimeout: CONNECT_TIMEOUT, applicationName: 'zakops-tenancy set-up' }
  await withShortClient(request.adminDatabase, options, async (sql) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await inTransaction(sql, { lock: LOCK_TIMEOUT }, (tx) => setUp(tx, request, schemas))
      } catch (cause) {
        if (attempt === ATTEMPTS || !isConflict(cause)) throw new RoleSetupFailedError({ cause })
      }
    }
  })
}

async function setUp (tx: TransactionSql, request: SetUpRequest, schemas: readonly string[]): Promise<void> {
  const { owner, app } = request
  await takeLock(tx, 'set-up')
  const [here] = await tx`select current_user as "user", pg_catalog.current_database() as "database"`
  const admin = String(here?.['user'])
  if (app.name === admin) throw new Error('the application role must not be the administrator')
  if (owner.name !== admin) await ensureRole(tx, owner)
  await ensureRole(tx, app)
  await revokeMemberships(tx, app)
  await grantOnDatabase(tx, String(here?.['database']), owner.name, app.name)
  await asRole(tx, owner, async () => {
    for (const schema of [CONTROL_SCHEMA, ...schemas]) await assertOwnSchema(tx, schema)
    for (const statement of controlSchemaStatements(app.name)) await tx.unsafe(statement)
    for (const schema of schemas) for (const statement of plainSchemaStatements(schema, app.name)) await tx.unsafe(statement)
  })
}

/** No temporary tables (they can shadow a table), no objects in `public`, and no search path to fall through to. */
async function grantOnDatabase (tx: TransactionSql, databaseName: string, ownerName: string, appName: string): Promise<void> {
  const database = quoteIdentifier(databaseName)
  const owner = quoteIdentifier(ownerName)
  const app = quoteIdentifier(appName)
  await tx.unsafe(`revoke temporary on database ${database} from public`)
  await tx.unsafe(`revoke create, temporary on database ${database} from ${app}`)
  await tx.unsafe(`grant connect, create, temporary on database ${database} to ${owner}`)
  await tx.unsafe(`grant connect on database ${database} to ${app}`)
  await tx.unsafe(`alter role ${app} in database ${database} set search_path = ''`)
  const [found] = await tx`select 1 from pg_catalog.pg_namespace where nspname = 'public'`
  if (found !== undefined) await tx.unsafe(`revoke create on schema public from public, ${app}`)
}

async function assertOwnSchema (tx: TransactionSql, schema: string): Promise<void> {
  const [found] = await tx`
    select 1 from pg_catalog.pg_namespace n
    where n.nspname = ${schema} and n.nspowner <> (select oid from pg_catalog.pg_roles where rolname = current_user)`
  if (found !== undefined) throw new Error(`the schema ${quoteIdentifier(schema)} belongs to another role: give it to the owner, or use another name`)
}

function isConflict (error: unknown): boolean {
  return error instanceof postgres.PostgresError && CONFLICTS.has(error.code)
}
