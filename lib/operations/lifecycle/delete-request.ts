import { OptionsInvalidError } from '../../words/errors/index.ts'
import type { Tenant } from '../../words/types.ts'
import { isRecord, unknownNames } from '../roles/index.ts'
import type { LifecycleOptions } from './job.ts'
import type { OnProgress } from './progress.ts'

/** What a deletion does beside deleting. */
export interface DeletionWork extends LifecycleOptions {
  /** Called before the first row goes, such as to export the tenant. If it throws, nothing is deleted. */
  readonly before?: (tenant: Tenant) => Promise<void>
  readonly onProgress?: OnProgress
}

/** How and when a tenant is deleted. */
export interface DeleteRequest extends DeletionWork {
  /** How long the tenant can still be restored, in milliseconds from now. Default: 30 days, or what was said before. */
  readonly graceMs?: number
  /** The time from which it may be deleted, instead of `graceMs`. */
  readonly after?: Date
  /** Deletes at once, whatever was said before. */
  readonly force?: boolean
  /** A file that does not exist yet, for an export. The call that deletes writes it before the first row goes; if that fails, nothing is deleted. */
  readonly exportTo?: string
}

const DAYS_30 = 30 * 86_400_000
const MAX_GRACE = 100 * 366 * 86_400_000
const NAMES = ['graceMs', 'after', 'force', 'exportTo', 'before', 'onProgress', 'actor']

/** Returns the time from which a tenant may be deleted; undefined leaves what was said before. */
export function deleteAfterOf (request: DeleteRequest, before: Date | null): Date | undefined {
  const { graceMs, after, force } = request
  if (force === true) return new Date(0)
  if (after !== undefined) return after
  if (graceMs !== undefined) return new Date(Date.now() + graceMs)
  return before === null ? new Date(Date.now() + DAYS_30) : undefined
}

/** @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — the message lists every problem. */
export function assertDelete (request: DeleteRequest): void {
  if (!isRecord(request)) throw new OptionsInvalidError('- deleteTenant(id, options) takes an object, such as { graceMs: 86400000 }.')
  const { graceMs, after, force, exportTo, before, onProgress, actor } = request
  const problems = unknownNames('', request, NAMES)
  if (graceMs !== undefined && !(Number.isSafeInteger(graceMs) && graceMs >= 0 && graceMs <= MAX_GRACE)) problems.push('graceMs must be milliseconds from 0 to 100 years.')
  if (after !== undefined && !(after instanceof Date && Number.isFinite(after.getTime()))) problems.push('after must be a Date.')
  if (graceMs !== undefined && after !== undefined) problems.push('graceMs and after say the same in two ways: leave one out.')
  if (force !== undefined && typeof force !== 'boolean') problems.push('force must be true or false.')
  if (exportTo !== undefined && (typeof exportTo !== 'string' || exportTo === '')) problems.push('exportTo must be the path of a file that does not exist yet.')
  for (const [name, fn] of Object.entries({ before, onProgress })) if (fn !== undefined && typeof fn !== 'function') problems.push(`${name} must be a function.`)
  if (actor !== undefined && typeof actor !== 'string') problems.push('actor must be a text.')
  if (problems.length > 0) throw new OptionsInvalidError(problems.map((problem) => `- ${problem}`).join('\n'))
}
