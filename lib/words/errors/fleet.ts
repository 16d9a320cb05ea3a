import createError from '@fastify/error'

/** The tenant's schema is older than the release can serve (`minMigration`); tenants that are up to date are served. */
export const TenantOutdatedError = createError('FST_TENANCY_TENANT_OUTDATED',
  'The data of this tenant is being brought up to date for this release: try again in a while. It stays so until migrate() has been run for it.', 503)

/** The migration run that is to be resumed is not there. */
export const MigrationRunUnknownError = createError('FST_TENANCY_MIGRATION_RUN_UNKNOWN',
  'There is no migration run with this id: use the runId of a report or of migrationStatus(), or start a new run without it.', 404)

/** The migration run that is to be resumed is still going on in another process. */
export const MigrationRunBusyError = createError('FST_TENANCY_MIGRATION_RUN_BUSY',
  'This migration run is still going on in another process: wait for it, or end that process and resume the run then.', 409)
