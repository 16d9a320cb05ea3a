import createError from '@fastify/error'

/** The database does not take the signed tenant context; `cause` is what it said: an unknown or retired key, clocks that differ, or SQL that sets app.tenant_id. */
export const ContextRefusedError = createError('FST_TENANCY_SIGNING_REFUSED',
  'The database refused the signed tenant context, and nothing was read or written: look at its reason with "zakops-tenancy signing status" and "doctor", which show keys and clocks. Where those are right, somebody tries to change the tenant by SQL.', 500)

/** The database was not prepared for signing; nothing was served. */
export const SigningNotReadyError = createError('FST_TENANCY_SIGNING_NOT_READY',
  'The database cannot check a signed tenant context: run setUpDatabase() of this version, then "zakops-tenancy signing add" and "zakops-tenancy migrate", before processes start with the option signing.', 500)

/** The change of keys or of what is required was refused; the message says why. Nothing was changed. */
export const SigningChangeError = createError('FST_TENANCY_SIGNING_CHANGE_REFUSED',
  'The signing of the tenant context was not changed: %s', 409)
