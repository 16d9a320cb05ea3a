import postgres from 'postgres'
import type { TransactionSql } from 'postgres'
import type { SigningConfig } from '../../settings/config/index.ts'
import { CitusLockedError, CitusSigningError, RoleSetupFailedError, SigningChangeError } from '../../words/errors/index.ts'
import { CONTROL_SCHEMA, quoteIdentifier } from '../../words/names.ts'
import { addKeys, inTransaction, isCitus, keepLocal, sendAll, takeLock, withShortClient } from '../../data/owner/index.ts'
import { operatorStatements } from './control-operator.ts'
import { controlSchemaStatements, plainSchemaStatements } from './control-schema.ts'
import { lockSettings } from './lock.ts'
import { type SetUpRequest, checkSetUp } from './request.ts'
import { asRole, ensureOperator, ensureRole, revokeMemberships } from './role.ts'

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
 *   revoke execute on function set_config(text,text,boolean) from public, …; -- with `locked`
 *   create schema zakops_tenancy; create table zakops_tenancy.tenants (…); …; commit
 *
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — the request cannot be used; the message lists every problem.
 * @throws {RoleSetupFailedError} FST_TENANCY_ROLE_SETUP_FAILED — the administrator may not, or a name is taken; `cause` says which.
 * @throws {SigningChangeError} FST_TENANCY_SIGNING_CHANGE_REFUSED — the id of a key is in use for another one.
 * @throws {CitusSigningError} FST_TENANCY_CITUS_SIGNING and {@link CitusLockedError} FST_TENANCY_CITUS_LOCKED — Citus has neither.
 * @throws {DatabaseUnreachableError} FST_TENANCY_DATABASE_UNREACHABLE — no connection.
 */
export async function setUpDatabase (request: SetUpRequest): Promise<void> {
  const { sharedSchema, extensionsSchema, signing } = checkSetUp(request)
  const schemas = [sharedSchema, extensionsSchema]
  const options = { connectTimeout: CONNECT_TIMEOUT, applicationName: 'zakops-tenancy set-up' }
  await withShortClient(request.adminDatabase, options, async (sql) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await inTransaction(sql, { lock: LOCK_TIMEOUT }, (tx) => setUp(tx, request, schemas, signing))
      } catch (cause) {
        if (cause instanceof SigningChangeError || cause instanceof CitusSigningError || cause instanceof CitusLockedError) throw cause
        if (attempt === ATTEMPTS || !isConflict(cause)) throw new RoleSetupFailedError({ cause })
      }
    }
  })
}

async function setUp (tx: TransactionSql, request: SetUpRequest, schemas: readonly string[], signing: SigningConfig | undefined): Promise<void> {
  const { owner, app, operator } = request
  await takeLock(tx, 'set-up')
  const [here] = await tx`select current_user as "user", pg_catalog.current_database() as "database"`
  const admin = String(here?.['user'])
  if (app.name === admin) throw new Error('the application role must not be the administrator')
  if (owner.name !== admin) await ensureRole(tx, owner)
  await ensureRole(tx, app)
  await revokeMemberships(tx, app)
  if (operator !== undefined) await ensureOperator(tx, operator)
  await grantOnDatabase(tx, String(here?.['database']), owner.name, app.name)
  if (operator !== undefined) await letIn(tx, String(here?.['database']), operator.name)
  if (isCitus(tx) && signing !== undefined) throw new CitusSigningError()
  if (isCitus(tx) && request.locked === true) throw new CitusLockedError()
  if (request.locked === true) await lockSettings(tx, request)
  // Workers do not know the roles before this transaction has committed.
  await keepLocal(tx)
  await asRole(tx, owner, async () => {
    for (const schema of [CONTROL_SCHEMA, ...schemas]) await assertOwnSchema(tx, schema)
    // As one message: a database for each tenant would otherwise be a hundred round trips each.
    await sendAll(tx, [
      ...controlSchemaStatements(app.name),
      ...schemas.flatMap((schema) => plainSchemaStatements(schema, app.name)),
      ...operatorStatements(operator?.name, schemas)
    ])
    if (signing !== undefined) await addKeys(tx, signing)
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

/** An operator finds no table by a name without its schema: it works on many at once. */
async function letIn (tx: TransactionSql, databaseName: string, operatorName: string): Promise<void> {
  const [database, operator] = [quoteIdentifier(databaseName), quoteIdentifier(operatorName)]
  await tx.unsafe(`revoke create, temporary on database ${database} from ${operator}`)
  await tx.unsafe(`grant connect on database ${database} to ${operator}`)
  await tx.unsafe(`alter role ${operator} in database ${database} set search_path = ''`)
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
