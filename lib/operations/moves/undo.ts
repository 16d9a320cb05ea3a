import type { TenantId } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { abandon } from './abandon.ts'
import { confirmMove } from './confirm.ts'
import { interrupted } from './interrupted.ts'
import { type MoveReport, findJob, reportOf } from './job.ts'
import { moveTenant } from './move.ts'
import { withMoveHome } from './state.ts'

/**
 * Undoes a move. Before the switch, what it made is removed, and the tenant was never anywhere else. After it, what the
 * tenant left is stale: so the tenant is moved back, with all that was written since.
 *
 * @throws {MoveRefusedError} FST_TENANCY_MOVE_REFUSED — there is no move of it.
 */
export async function undoMove (config: TenancyConfig, id: TenantId): Promise<MoveReport> {
  const job = await interrupted(() => withMoveHome(config, id, async (home) => {
    const found = await findJob(config, home)
    if (found.move.step === 'switched' || found.move.step === 'removing') await confirmMove(found)
    else await abandon(found)
    return found
  }))
  if (job.move.step !== 'switched' && job.move.step !== 'removing') return reportOf(job, 'undone')
  const { isolation, server } = job.move.source
  return { ...await moveTenant(config, id, { to: { isolation, server }, keepSource: false }), outcome: 'undone' }
}
