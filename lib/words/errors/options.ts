import createError from '@fastify/error'

/** The options or the environment cannot be used; the message lists every problem at once. */
export const OptionsInvalidError = createError('FST_TENANCY_OPTIONS_INVALID',
  'The options of zakops-tenancy cannot be used. Correct these and start again:\n%s', 500, TypeError)
