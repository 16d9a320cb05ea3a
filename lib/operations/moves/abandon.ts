import { isOwnError } from '../../words/own-error.ts'
import { withOwner } from '../../data/owner/index.ts'
import { abandonPlace } from '../transfer/index.ts'
import { removeCapture, setFence } from './capture.ts'
import { type MoveJob, captureOf } from './job.ts'

/** Removes what a move made that has not switched, and forgets the move: the tenant was never anywhere else. */
export async function abandon (job: MoveJob): Promise<void> {
  const { config, source, target, move, home } = job
  await withOwner(config, async (from) => {
    await setFence(from, move.number, 'open')
    await removeCapture(from, captureOf(job))
  }, source)
  await abandonPlace(config, target)
  await home.forget()
}

/**
 * Abandons a move that was refused before it had copied everything: it would be refused again, and would be in the way of
 * another one and of a deletion meanwhile. What may go well later (503), or cannot be removed now, stays a move to go on with.
 */
export async function abandonRefused (job: MoveJob, error: unknown): Promise<void> {
  const isRefusal = isOwnError(error) && 'statusCode' in error && error.statusCode !== 503
  if (!isRefusal || (await job.home.find())?.step !== 'copying') return
  await abandon(job)
}
