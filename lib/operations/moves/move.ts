import { MoveRefusedError } from '../../words/errors/index.ts'
import type { TenantId } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { readOperator, readSigning, withOwner } from '../../data/owner/index.ts'
import { readMigrations } from '../migrations/index.ts'
import { makePlace, readDeployment } from '../provisioning/index.ts'
import { type TableCount, removePlace } from '../transfer/index.ts'
import { abandonRefused } from './abandon.ts'
import { installCapture, removeCapture, setFence } from './capture.ts'
import { copyAll, matchPlaces, verifyAll } from './catch-up.ts'
import { confirmMove } from './confirm.ts'
import { assertCopies, moveToNode } from './node.ts'
import { interrupted } from './interrupted.ts'
import { type Link, type MoveJob, type MoveProgress, type MoveReport, type MoveTarget, captureOf, jobOf } from './job.ts'
import { type MoveHome, type Site, siteOf, withMoveHome } from './state.ts'
import { type Switched, closePlace, switchTenant } from './switch.ts'
import { assertFree, silenceTriggers } from './target.ts'
import { targetSite } from './target-site.ts'

/** How a tenant is moved. */
export interface MoveRequest {
  /** Left out, a move that was interrupted goes on. */
  readonly to?: MoveTarget
  /** Called as the move goes on. What it throws interrupts the move. */
  readonly onProgress?: (progress: MoveProgress) => void
  /** Interrupts the move. */
  readonly signal?: AbortSignal
  /** False removes what the tenant leaves as soon as it has left. Default: true, until `moveConfirm`. */
  readonly keepSource?: boolean
}

/**
 * Takes a tenant with its data to another isolation strategy or server, while it is being served.
 *
 * Its tables are made at the target and filled from a snapshot; what changes meanwhile is noted by triggers and copied
 * after; every process is told, which takes `registryCacheMs`; then its writes wait for a moment, in which the rest is
 * copied, everything is counted and compared, and the registry is switched. Writes that waited are refused with
 * {@link TenantMovedError} and can be sent again. Reads do not wait for it, nor do other tenants.
 *
 * Killed at any step, it can go on (call it again) or be undone (`moveUndo`): until the registry is switched, in one
 * transaction, the tenant is served where it was, and nothing there was changed. What it left is kept until `moveConfirm`.
 *
 * On Citus, `to: { node }` is the server's own citus_schema_move, and a copy to or from there is refused: its tables take no triggers.
 *
 * The SQL sent: at the source create trigger … (removed again), set transaction isolation level repeatable read,
 * copy (select …) to stdout; at the target copy … from stdin, insert …; update zakops_tenancy.tenants set …
 *
 * @throws {MoveRefusedError} FST_TENANCY_MOVE_REFUSED — it cannot be moved like that; nothing was changed.
 * @throws {TransferMismatchError} FST_TENANCY_TRANSFER_MISMATCH, {@link TransferCycleError} FST_TENANCY_TRANSFER_CYCLE and
 * {@link TransferUnverifiedError} FST_TENANCY_TRANSFER_UNVERIFIED — see there; the tenant is served where it was. Where that
 * was found while its rows were copied for the first time, what the move made is removed, and there is none to go on with.
 * @throws {MoveBusyError} FST_TENANCY_MOVE_BUSY — its transactions stayed open for too long.
 * @throws {MoveInterruptedError} FST_TENANCY_MOVE_INTERRUPTED — anything else; `cause` says what.
 */
export async function moveTenant (config: TenancyConfig, id: TenantId, request: MoveRequest): Promise<MoveReport> {
  return await interrupted(() => withMoveHome(config, id, async (home) => {
    if (request.to?.node !== undefined) return await moveToNode(config, home, request.to)
    const job = await openJob(config, home, request)
    const switched = await carryOn(job).catch(async (error: unknown) => {
      // What went wrong is told in any case.
      await abandonRefused(job, error).catch(() => {})
      throw error
    })
    const report: MoveReport = { tenantId: id, from: job.move.source, to: job.move.target, outcome: 'switched', ...switched }
    if (request.keepSource !== false && job.move.step !== 'removing') return report
    await confirmMove(job)
    return { ...report, outcome: 'confirmed' }
  }))
}

/** Finds the move of a tenant or begins it. */
async function openJob (config: TenancyConfig, home: MoveHome, request: MoveRequest): Promise<MoveJob> {
  const tenant = await home.tenant()
  const move = await home.find()
  const onProgress = (progress: MoveProgress): void => {
    request.onProgress?.(progress)
    request.signal?.throwIfAborted()
  }
  if (move !== undefined) {
    if (request.to !== undefined) assertSameTarget(move.target, targetSite(config, { ...tenant, ...move.source }, request.to))
    return jobOf(config, home, tenant, move, onProgress)
  }
  if (request.to === undefined) throw new MoveRefusedError('there is no move of it to go on with: say where it is to go.')
  if (tenant.status === 'provisioning' || tenant.status === 'deleted') throw new MoveRefusedError('it is not provisioned.')
  const target = targetSite(config, tenant, request.to)
  await assertCopies(config, [tenant, { ...tenant, ...target }])
  await assertFree(config, { ...tenant, ...target })
  return jobOf(config, home, tenant, await home.begin(siteOf(tenant), target), onProgress)
}

function assertSameTarget (noted: Site, wished: Site): void {
  const isSame = noted.isolation === wished.isolation && noted.server === wished.server
  if (!isSame) throw new MoveRefusedError('a move of it to another place is under way: go on with that one, undo it, or confirm it if it has switched.')
}

/** Does what is left of a move, up to the switch. */
async function carryOn (job: MoveJob): Promise<Switched> {
  const { config, move, source, target } = job
  if (move.step === 'removing') return { pauseMs: 0, tables: [] }
  if (move.step === 'switched') {
    await withOwner(config, (from) => closePlace(config, source, from), source)
    return { pauseMs: 0, tables: [] }
  }
  if (move.step === 'copying') await prepare(job)
  return await withOwner(config, (from) => withOwner(config, async (to) => {
    const link: Link = { from, to, copies: await matchPlaces(job, from, to) }
    if (move.step === 'switching') await setFence(from, move.number, 'open')
    await silenceTriggers(to, target)
    return await switchTenant(job, link, await copy(job, link))
  }, target), source)
}

/** Makes the target anew: what an interrupted copy left there is removed. */
async function prepare (job: MoveJob): Promise<void> {
  const { config, source, target } = job
  job.onProgress({ step: 'copying' })
  await withOwner(config, (from) => removeCapture(from, captureOf(job)), source)
  await removePlace(config, target)
  const migrations = config.migrations === undefined ? undefined : await readMigrations(config.migrations, config)
  const home = await job.home.transact(async (tx) => ({ deployment: await readDeployment(tx), operator: await readOperator(tx), signing: await readSigning(tx) }))
  await makePlace(config, { ...home, tenant: target, isKnown: true, migrations })
  // An archived tenant has no rights anywhere, until it is restored.
  if (target.status === 'archived') await withOwner(config, (to) => closePlace(config, target, to), target)
}

/** Copies every row, or, where that was done before the move was interrupted, what was noted since. */
async function copy (job: MoveJob, link: Link): Promise<readonly TableCount[]> {
  if (job.move.step === 'copying') await installCapture(link.from, captureOf(job), link.copies)
  const counts = job.move.step === 'copying' ? await copyAll(job, link) : await verifyAll(job, link)
  await job.home.note('catching-up')
  return counts
}
