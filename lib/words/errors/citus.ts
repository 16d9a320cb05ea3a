import createError from '@fastify/error'

/** A table on Citus has a policy of somebody else's. */
export const CitusPolicyError = createError('FST_TENANCY_CITUS_POLICY_EXTRA',
  'The table "%s" has a policy that this package did not make, and on Citus any second policy opens the table to other tenants: drop it, and keep rules of your own in views or constraints.', 500)

/** Tenant ids are to be signed, and the server is one with Citus. */
export const CitusSigningError = createError('FST_TENANCY_CITUS_SIGNING',
  'On Citus tenant ids cannot be signed, because its workers have no function that checks them: leave the option signing out, or keep these tenants on another server.', 500)

/** Tenant settings are to be locked, and the server is one with Citus. */
export const CitusLockedError = createError('FST_TENANCY_CITUS_LOCKED',
  'On Citus tenant settings cannot be locked, because functions of its own run any SQL on its workers: leave the option locked out, or keep these tenants on another server.', 500)
