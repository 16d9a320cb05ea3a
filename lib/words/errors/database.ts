import createError from '@fastify/error'

/** The database cannot be reached or refuses the log-in. */
export const DatabaseUnreachableError = createError('FST_TENANCY_DATABASE_UNREACHABLE',
  'The database cannot be reached or refused the log-in: check the URL (database, ownerDatabase or adminDatabase), the password and that the server is up; on a new database, setUpDatabase() makes the roles first.', 503)

/** The application's role can see past the isolation; the message lists the findings. */
export const RoleUnsafeError = createError('FST_TENANCY_ROLE_UNSAFE',
  'The role of DATABASE_URL can see past the isolation of tenants. Log in as the role that setUpDatabase() was given as "app", or repair what was found:\n%s', 500)

/** The roles and schemas were not set up, and nothing was changed; `cause` says why. */
export const RoleSetupFailedError = createError('FST_TENANCY_ROLE_SETUP_FAILED',
  'The roles and schemas were not set up and nothing was changed: log in as a superuser, or as a role that owns the database and may create roles, and run it again.', 500)

/** The registry cannot be read; no tenant is served rather than a wrong one. */
export const RegistryUnavailableError = createError('FST_TENANCY_REGISTRY_UNAVAILABLE',
  'The tenant registry cannot be read: check the database, and that it was prepared with the setUpDatabase() of this version.', 503)

/** A connection leads to a database that is not the tenant's, or not of this deployment; nothing was sent. */
export const PlaceWrongError = createError('FST_TENANCY_PLACE_WRONG',
  'The database of this tenant is not the one that was made for it: look whether it was renamed, restored from another one or used again, and at the option servers.', 503)
