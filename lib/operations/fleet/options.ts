import { OptionsInvalidError } from '../../words/errors/index.ts'
import { isTenantId } from '../../words/names.ts'
import { isRecord, unknownNames } from '../roles/index.ts'

/** How far a run of migrations is. */
export interface MigrationProgress {
  readonly runId: string
  readonly done: number
  readonly failed: number
  readonly total: number
  readonly ms: number
  /** The time left at the pace so far, in milliseconds. */
  readonly remainingMs: number
}

/** How tenants are migrated; everything may be left out. */
export interface MigrateOptions {
  /** Runs every migration in the tenant's transaction and rolls it back. Default: `false`. */
  readonly dryRun?: boolean
  /** The most connections to one server. Default: 4. */
  readonly concurrency?: number
  /** The ids of tenants that go first: if one of them fails, no other is touched. Default: those with `canary` in the registry. */
  readonly canaries?: readonly string[]
  /** Only these tenants, and those that share a schema with them. */
  readonly tenants?: readonly string[]
  /** Only the tenants that failed in the last run that was no dry run. */
  readonly onlyFailed?: boolean
  /** The id of a run that was killed, was stopped or had failures: all that it has not done yet is done. */
  readonly resume?: string
  /**
   * When to stop: after so many `failures`, or when more than this `rate` of at least twenty that are finished have failed.
   * Default: `{ rate: 0.25 }`.
   */
  readonly stopAfter?: { readonly failures?: number, readonly rate?: number }
  /** The longest wait for one lock, so that live traffic does not queue up behind a migration. Default: 2000. */
  readonly lockTimeoutMs?: number
  /** How often a tenant is tried when it met a lock or a deadlock. Default: 5. */
  readonly attempts?: number
  /** Called after each schema. What it throws is ignored. */
  readonly onProgress?: (progress: MigrationProgress) => void
}

/** The options after checks and defaults. */
export type CheckedOptions = Required<Pick<MigrateOptions, 'dryRun' | 'concurrency' | 'onlyFailed' | 'lockTimeoutMs' | 'attempts'>> &
  Pick<MigrateOptions, 'canaries' | 'tenants' | 'resume' | 'onProgress'> & { readonly stopAfter: { readonly failures: number, readonly rate: number } }

const NAMES = ['dryRun', 'concurrency', 'canaries', 'tenants', 'onlyFailed', 'resume', 'stopAfter', 'lockTimeoutMs', 'attempts', 'onProgress']
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const DEFAULT_RATE = 0.25

/**
 * Returns the options if they can be used.
 *
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — the message lists every problem.
 */
export function checkOptions (options: MigrateOptions): CheckedOptions {
  if (!isRecord(options)) throw new OptionsInvalidError('- migrate takes an object, such as { dryRun: true }.')
  const { dryRun = false, concurrency = 4, onlyFailed = false, lockTimeoutMs = 2_000, attempts = 5, stopAfter = {}, ...rest } = options
  const problems = [...unknownNames('', options, NAMES), ...numberProblems({ concurrency, lockTimeoutMs, attempts }), ...stopProblems(stopAfter)]
  for (const [name, ids] of Object.entries({ canaries: rest.canaries, tenants: rest.tenants })) {
    if (ids !== undefined && !(Array.isArray(ids) && ids.every(isTenantId))) problems.push(`${name} must be an array of tenant ids.`)
  }
  if (rest.resume !== undefined && !UUID.test(String(rest.resume))) problems.push('resume must be the id of a run: the runId of its report.')
  if ([rest.resume !== undefined, onlyFailed, rest.tenants !== undefined].filter(Boolean).length > 1) problems.push('resume, onlyFailed and tenants exclude each other: give one of them.')
  if (problems.length > 0) throw new OptionsInvalidError(problems.map((problem) => `- ${problem}`).join('\n'))
  const limits = { failures: stopAfter.failures ?? Infinity, rate: stopAfter.rate ?? (stopAfter.failures === undefined ? DEFAULT_RATE : 1) }
  return { ...rest, dryRun, concurrency, onlyFailed, lockTimeoutMs, attempts, stopAfter: limits }
}

function numberProblems (values: Readonly<Record<string, number>>): readonly string[] {
  const isCount = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= 86_400_000
  return Object.entries(values).filter(([, value]) => !isCount(value)).map(([name]) => `${name} must be a whole number of at least 1.`)
}

function stopProblems (stopAfter: NonNullable<MigrateOptions['stopAfter']>): readonly string[] {
  if (!isRecord(stopAfter)) return ['stopAfter must be an object, such as { failures: 10 } or { rate: 0.1 }.']
  const { failures = 1, rate = 1 } = stopAfter
  const isUsable = typeof failures === 'number' && failures >= 1 && typeof rate === 'number' && rate >= 0 && rate <= 1
  return [...unknownNames('stopAfter.', stopAfter, ['failures', 'rate']), ...(isUsable ? [] : ['stopAfter.failures must be at least 1, and stopAfter.rate from 0 to 1.'])]
}
