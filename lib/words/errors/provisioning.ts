import createError from '@fastify/error'

/** An operation needs the owner's connection and there is none. */
export const OwnerMissingError = createError('FST_TENANCY_PROVISION_OWNER_MISSING',
  'This needs the role that owns the schemas: set the option ownerDatabase or OWNER_DATABASE_URL.', 500)

/** A tenant is to have a database of its own and nobody may create one. */
export const AdminMissingError = createError('FST_TENANCY_PROVISION_ADMIN_MISSING',
  'A tenant with a database of its own needs a role that may create databases: set the option adminDatabase (ADMIN_DATABASE_URL), or servers.….adminDatabase.', 500)

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
  'The migration %s failed and was rolled back: repair the file and run it again; where other tenants have had it, leave it as it is and repair the data that it met.', 500)

/** A migration that was applied has another text now, or is gone. */
export const MigrationChangedError = createError('FST_TENANCY_MIGRATION_CHANGED',
  'The migration %s was applied to tenants before and has changed or is missing now: put the old file back, and write a new one for what is to be different.', 500)

/** A migration file has something that a tenant migration must not do, or a name that does not sort. */
export const MigrationRefusedError = createError('FST_TENANCY_MIGRATION_REFUSED',
  'The migration %s is refused: %s', 500)

/** Another process holds the migration lock for too long. */
export const MigrationLockedError = createError('FST_TENANCY_MIGRATION_LOCKED',
  'Another process is provisioning or migrating this tenant: wait for it and run it again.', 409)

/** A table has no tenant column for its policy to compare. */
export const PolicyColumnError = createError('FST_TENANCY_POLICY_COLUMN_MISSING',
  'The table %s has no usable column "tenant_id": add "tenant_id text not null" and make it the first column of its keys.', 500)
