import createError from '@fastify/error'

/** Something across tenants needs the operator's connection, or its role, and there is none. */
export const OperatorMissingError = createError('FST_TENANCY_OPERATOR_MISSING',
  'This needs the role that sees the rows of all tenants: give setUpDatabase() an "operator", and set the option operatorDatabase or OPERATOR_DATABASE_URL.', 500)

/** What is to be done across tenants could not be written into the audit log, so it was not done. */
export const AuditFailedError = createError('FST_TENANCY_OPERATOR_AUDIT_FAILED',
  'The audit log could not be written, so nothing was run: repair the cause and run it again.', 503)

/** The views across tenants were not made; `cause` says why. */
export const ViewsFailedError = createError('FST_TENANCY_OPERATOR_VIEWS_FAILED',
  'The views across tenants were not all made: repair the cause and make them again.', 500)
