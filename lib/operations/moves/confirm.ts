import { setTimeout as sleep } from 'node:timers/promises'
import { MoveRefusedError } from '../../words/errors/index.ts'
import type { TenantId } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { withOwner } from '../../data/owner/index.ts'
import { removePlace } from '../transfer/index.ts'
import { removeCapture } from './capture.ts'
import { interrupted } from './interrupted.ts'
import { type MoveJob, type MoveReport, captureOf, findJob, reportOf } from './job.ts'
import { withMoveHome } from './state.ts'

/** No process believes an answer of the registry for longer, whatever its `registryCacheMs` is, unless somebody set more than that. */
const BELIEVED_MS = 5_000

/** Removes what the tenant left, for good. Waits until no process can believe any more that the tenant is there. */
export async function confirmMove (job: MoveJob): Promise<void> {
  const { config, home, source } = job
  const since = (await home.find())?.since ?? 0
  await sleep(Math.max(0, Math.max(BELIEVED_MS, 2 * config.registryCacheMs) - since))
  await home.note('removing')
  await withOwner(config, (from) => removeCapture(from, captureOf(job)), source)
  await removePlace(config, source)
  await home.forget()
}

/**
 * Confirms a move that has switched: what the tenant left is removed for good.
 *
 * @throws {MoveRefusedError} FST_TENANCY_MOVE_REFUSED — there is none, or it has not switched.
 */
export async function confirmTenantMove (config: TenancyConfig, id: TenantId): Promise<MoveReport> {
  return await interrupted(() => withMoveHome(config, id, async (home) => {
    const job = await findJob(config, home)
    if (job.move.step !== 'switched' && job.move.step !== 'removing') throw new MoveRefusedError('its move has not switched yet: go on with it, or undo it.')
    await confirmMove(job)
    return reportOf(job, 'confirmed')
  }))
}
