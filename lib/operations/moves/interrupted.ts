import { MoveInterruptedError } from '../../words/errors/index.ts'
import { isOwnError } from '../../words/own-error.ts'

/** Runs `fn`, and puts what is not an error of this package into one that says what to do next. */
export async function interrupted<T> (fn: () => Promise<T>): Promise<T> {
  try {
    return await fn()
  } catch (cause) {
    throw isOwnError(cause) ? cause : new MoveInterruptedError({ cause })
  }
}
