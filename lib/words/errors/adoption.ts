import createError from '@fastify/error'

/** This step of an adoption cannot be done now; the message says why. What was done before stays done. */
export const AdoptionRefusedError = createError('FST_TENANCY_ADOPTION_REFUSED', 'The adoption cannot go on: %s', 409)

/** The plan of an adoption cannot be used, or is not that of this database any more; the message lists every problem. Nothing was changed. */
export const AdoptionPlanError = createError('FST_TENANCY_ADOPTION_PLAN',
  'The plan does not fit the database: make it anew with "adopt plan", or correct it.\n%s', 409)

/** A table was never free for the moment that it takes to change it. The step can be run again and goes on. */
export const AdoptionBusyError = createError('FST_TENANCY_ADOPTION_BUSY',
  'Transactions kept the table "%s" locked for too long: run the step again when they are shorter, it goes on from where it stopped.', 503)

/** A step of an adoption was interrupted; `cause` says why. The service works as before. */
export const AdoptionInterruptedError = createError('FST_TENANCY_ADOPTION_INTERRUPTED',
  'The step was interrupted and no row is lost: repair the cause and run it again to go on, or "adopt undo".', 503)
