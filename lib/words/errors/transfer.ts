import createError from '@fastify/error'

/** The tables of the two places are not the same, so rows cannot be copied from one to the other; the message names the table. Nothing was changed. */
export const TransferMismatchError = createError('FST_TENANCY_TRANSFER_MISMATCH',
  'The tables of the two places differ at "%s": bring the tenant up to date with migrate(), with the same migrations on both sides, and try again.', 409)

/** Tables refer to each other in a circle, so there is no order in which their rows could be written; the message names one of them. */
export const TransferCycleError = createError('FST_TENANCY_TRANSFER_CYCLE',
  'Foreign keys lead from the table "%s" in a circle back to it: make one of them "deferrable" in a migration.', 409)

/** What was copied is not what was there; the message names the table. The copy is not used. */
export const TransferUnverifiedError = createError('FST_TENANCY_TRANSFER_UNVERIFIED',
  'The rows of the table "%s" did not arrive as they were, and the copy is not used: look for triggers of that table which change rows, and try again.', 500)

/** Rows were to go into a tenant that is there already and has some; the message names a table. Nothing was changed. */
export const TransferNotEmptyError = createError('FST_TENANCY_TRANSFER_NOT_EMPTY',
  'The tenant exists and has rows in the table "%s", which were left as they are: choose another id; or, for an import, archive the tenant and import with "replace".', 409)

/** The file of an export cannot be used; the message says why. Nothing of it was kept. */
export const ExportUnusableError = createError('FST_TENANCY_TRANSFER_EXPORT_UNUSABLE',
  'The export cannot be used and nothing of it was kept: %s.', 409)

/** The file of an export cannot be made; the message says why. No row was read. */
export const ExportFileError = createError('FST_TENANCY_TRANSFER_FILE_UNUSABLE',
  'The export cannot be written to that file (%s): name one that does not exist yet, in a folder that does.', 409)

/** An export, import or clone failed and left nothing behind; `cause` says why. */
export const TransferFailedError = createError('FST_TENANCY_TRANSFER_FAILED',
  'The rows were not transferred and nothing was left behind: repair the cause and run it again.', 500)

/** The tenant was moved to another place while this statement was on its way: nothing was written, and it can be sent again. */
export const TenantMovedError = createError('FST_TENANCY_MOVE_TENANT_MOVED',
  'This tenant has just been moved to another place and the change was not made: send it again.', 503)

/** The tenant cannot be moved like that; the message says why. Nothing was changed. */
export const MoveRefusedError = createError('FST_TENANCY_MOVE_REFUSED', 'The tenant cannot be moved: %s', 409)

/** The move was interrupted; `cause` says why. The tenant is served where it was, unless the move says that it has switched. */
export const MoveInterruptedError = createError('FST_TENANCY_MOVE_INTERRUPTED',
  'The move was interrupted and no row is lost: repair the cause and call move() with this tenant again to go on, or moveUndo().', 503)

/** The tenant has a move that is not finished, and so rows at two places. Nothing was deleted. */
export const MoveUnfinishedError = createError('FST_TENANCY_MOVE_UNFINISHED',
  'The tenant has rows at two places: confirm its move or undo it, and then delete it.', 409)

/** Writes of the tenant never paused long enough to switch. The move can go on later. */
export const MoveBusyError = createError('FST_TENANCY_MOVE_BUSY',
  'Transactions of this tenant stayed open for too long to switch: call move() with this tenant again when they are shorter, or moveUndo().', 503)
