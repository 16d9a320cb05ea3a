import createError from '@fastify/error'

/** The tenant client does not do this; the message says why and what to do instead. */
export const SqlRefusedError = createError('FST_TENANCY_SQL_REFUSED', '%s', 500)

/** The server did something else than the statement said; the connection was thrown away. */
export const SqlUnexpectedError = createError('FST_TENANCY_SQL_UNEXPECTED',
  'The server answered with an unexpected command, so the connection was thrown away: look for transaction control or session settings in the statement.', 500)

/** The settings on the server are not the tenant's; nothing was sent and the connection was thrown away. */
export const SettingsMismatchError = createError('FST_TENANCY_SETTINGS_MISMATCH',
  'The tenant settings did not read back as they were set, so the statement was not sent: check what else sets search_path or app.tenant_id.', 500)

/** The database is locked, and the process that sent a statement is not told so. */
export const SettingsLockedError = createError('FST_TENANCY_SETTINGS_LOCKED',
  'The role may not call set_config in this database, so no tenant was set and the statement was not sent: set the option locked (TENANT_LOCKED=true), or unlock the database as the README says.', 500)

/** The tenant's schema does not exist or cannot be used by the application's role; nothing was sent. */
export const SchemaMissingError = createError('FST_TENANCY_SCHEMA_MISSING',
  'The schema of this tenant does not exist or is not granted to the application role: provision the tenant again.', 503)

/** The transaction is over; its handle sends nothing any more. */
export const TransactionEndedError = createError('FST_TENANCY_TRANSACTION_ENDED',
  'This transaction is over. Await every statement inside the callback and do not keep its handle.', 500)

/** COMMIT was answered with ROLLBACK: nothing of the transaction was kept. */
export const CommitFailedError = createError('FST_TENANCY_TRANSACTION_NOT_COMMITTED',
  'The transaction was rolled back by the server: none of its changes were kept, so it can be tried again.', 500)

/** The connection was lost while COMMIT, or a statement that may change something by itself, was on its way: the changes may or may not be there. */
export const OutcomeUnknownError = createError('FST_TENANCY_TRANSACTION_OUTCOME_UNKNOWN',
  'The connection was lost before the server confirmed the change: look whether it is there before trying again.', 503)

/** The connection was lost: a transaction that was open is rolled back, and a statement that only reads can be sent again. */
export const ConnectionLostError = createError('FST_TENANCY_SQL_CONNECTION_LOST',
  'The connection to the database was lost: a transaction was rolled back, and a statement that only reads can be sent again.', 503)

/** A statement or transaction took longer than its deadline; the connection was thrown away. */
export const DeadlineError = createError('FST_TENANCY_SQL_DEADLINE',
  'The %s took longer than its deadline and was given up: make it shorter, or raise timeouts.%s.', 503)

/** No lane became free in time. */
export const QueueTimeoutError = createError('FST_TENANCY_SQL_QUEUE_TIMEOUT',
  'No database connection became free in time: try again, or raise lanes.max. Look for transactions that wait for something else.', 503)

/** Too many statements wait for a lane already. */
export const QueueFullError = createError('FST_TENANCY_SQL_QUEUE_FULL',
  'Too many statements wait for a database connection: try again later, or raise lanes.max.', 503)

/** Too much is listened to: 1,000 channels and 10,000 listeners for a tenant, ten times that for a process. */
export const ChannelLimitError = createError('FST_TENANCY_SQL_CHANNEL_LIMIT',
  'Too many channels or listeners for %s: call unlisten() when a listener is done, and share one channel between many.', 503)

/** The tenancy was closed. */
export const ClosedError = createError('FST_TENANCY_CLOSED', 'The tenancy is closed and sends nothing any more: create a new one.', 503)

/** The installed postgres.js is not one that this package knows how to wrap. */
export const DriverUnsupportedError = createError('FST_TENANCY_DRIVER_UNSUPPORTED',
  'This version of the "postgres" package is not supported: install postgres@~3.4.9.', 500)
