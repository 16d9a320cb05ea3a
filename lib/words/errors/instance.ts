import createError from '@fastify/error'

/** In single mode: another instance, with another TENANT_ID, has this database. Nothing was served. */
export const InstanceMismatchError = createError('FST_TENANCY_INSTANCE_MISMATCH',
  'This database belongs to an instance with another TENANT_ID: correct TENANT_ID or DATABASE_URL. If the change is meant, run "zakops-tenancy claim <tenant>" with OWNER_DATABASE_URL, and start again.', 500)
