import { IDLE, errorMessage, readyForQuery } from '../wire/index.ts'

// What a lane answers in the server's place, without anything being sent.

export const READY = readyForQuery(IDLE)

/** What PostgreSQL says when a prepared statement no longer fits: the driver prepares it anew and sends it once more. */
export const PREPARE_ANEW = Buffer.concat([errorMessage('0A000', 'cached plan must not change result type', 'RevalidateCachedQuery'), READY])

/** The same without the name of a routine, by which the driver knows that it may send a statement once more. */
export const OUTDATED = errorMessage('0A000', 'cached plan must not change result type')

/** Returns the end of a statement that failed. Behind a Flush the driver asks by itself whether the server is ready. */
export function failure (error: Buffer, isWhole: boolean): Buffer {
  return isWhole ? Buffer.concat([error, READY]) : error
}

/** Stands for the error of ours that the caller gets to see. */
export const REFUSED = errorMessage('0A000', 'refused')
