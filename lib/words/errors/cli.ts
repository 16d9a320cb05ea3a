import createError from '@fastify/error'

/** The command line was written wrong: an unknown command, option or value. Nothing was done; the exit code is 2. */
export const CommandUsageError = createError('FST_TENANCY_CLI_USAGE', '%s. See "zakops-tenancy --help".', 400)

/** The file of `--config` cannot be used; the message says why. */
export const CommandConfigError = createError('FST_TENANCY_CLI_CONFIG_UNUSABLE', 'The configuration file cannot be used: %s', 500)

/** A command that takes something away was not confirmed. Nothing was done. */
export const CommandUnconfirmedError = createError('FST_TENANCY_CLI_UNCONFIRMED', 'Nothing was done, because nobody confirmed it: %s', 409)

/** The module of `run` cannot be used; no tenant's turn came. */
export const CommandScriptError = createError('FST_TENANCY_CLI_SCRIPT_UNUSABLE', 'The script cannot be used: %s', 400)

/** A file that a command is to write is there already. It is never written over. */
export const CommandFileExistsError = createError('FST_TENANCY_CLI_FILE_EXISTS', 'A file of this name is there already, and nothing is written over: %s', 409)

/** A library that only the command line needs is not installed. */
export const CommandLibrariesError = createError('FST_TENANCY_CLI_LIBRARIES_MISSING', 'The command line needs libraries that are not installed: run "%s".', 500)

/** A command failed with an error that is not one of this package's; `cause` is that error. */
export const CommandFailedError = createError('FST_TENANCY_CLI_FAILED', 'The command failed: %s', 500)

/** `why` was asked for an id that nobody noted down. */
export const RefusalUnknownError = createError('FST_TENANCY_CLI_REFUSAL_UNKNOWN', 'This id was not found: %s', 404)
