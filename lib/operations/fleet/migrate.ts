import type { Sql } from 'postgres'
import { type TenancyConfig } from '../../settings/config/index.ts'
import { withOwner } from '../../data/owner/index.ts'
import { announced, readMigrations } from '../migrations/index.ts'
import { type CheckedOptions, type MigrateOptions, checkOptions } from './options.ts'
import { type Choice, hasChanges, planRun } from './plan.ts'
import { type RunRecord, beginRun, lastFailed, resumeRun } from './record.ts'
import { Tally, type TenantMigration } from './tally.ts'
import { assertUnchanged } from './unchanged.ts'
import { Connections, type Run, runWave } from './workers.ts'

/** What happened to each tenant, in the order of their ids. */
export interface MigrationReport {
  /** What `resume` takes. */
  readonly runId: string
  readonly results: readonly TenantMigration[]
  /** How many of them failed: a deployment goes on when it is 0. */
  readonly failed: number
  readonly done: number
  readonly skipped: number
  /** Why it did not come to all. */
  readonly stoppedBecause?: string
  readonly ms: number
  /** The most connections that were open at the same time, on all servers. */
  readonly peakConnections: number
}

/**
 * Runs the migrations that each tenant has not had, and brings its policies and grants up to date.
 *
 * Each schema is one transaction. A tenant whose transaction fails keeps what it had and is reported with its error,
 * and the others go on, unless it was a canary or too many fail. Suspended tenants are migrated too; those that are half made,
 * archived or deleted are not. Everything is written down as it happens, so that a run whose process died can be resumed.
 *
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — the message lists every problem.
 * @throws {MigrationRefusedError} FST_TENANCY_MIGRATION_REFUSED — a file cannot be used; no tenant was touched.
 * @throws {MigrationChangedError} FST_TENANCY_MIGRATION_CHANGED — a file that tenants have had is another now, or gone; no tenant was touched.
 * @throws {MigrationRunUnknownError} FST_TENANCY_MIGRATION_RUN_UNKNOWN, {@link MigrationRunBusyError}
 * FST_TENANCY_MIGRATION_RUN_BUSY — there is nothing to resume.
 * @throws {TenantUnknownError} FST_TENANCY_TENANT_UNKNOWN — an option names a tenant that is not there.
 * @throws {OwnerMissingError} FST_TENANCY_PROVISION_OWNER_MISSING — there is no `ownerDatabase`.
 * @throws {OwnerWrongError} FST_TENANCY_PROVISION_OWNER_WRONG — `ownerDatabase` is another role than the owner.
 * @throws {NotSetUpError} FST_TENANCY_PROVISION_NOT_SET_UP — the database was not prepared with the `setUpDatabase` of this version.
 * @throws {DatabaseUnreachableError} FST_TENANCY_DATABASE_UNREACHABLE — no connection to the registry.
 */
export async function migrateTenants (config: TenancyConfig, given: MigrateOptions = {}): Promise<MigrationReport> {
  const options = checkOptions(given)
  const migrations = config.migrations === undefined ? undefined : await readMigrations(config.migrations, config)
  return withOwner(config, async (home) => {
    await home.unsafe(`set lock_timeout = ${config.timeouts.acquire}`)
    if (migrations !== undefined) await assertUnchanged(config, home, migrations)
    const beginning = await begin(home, options)
    const plan = await planRun(config, home, beginning.choice)
    await beginning.record.queue(plan)
    const tally = new Tally(beginning.record.id, options, plan)
    const run: Run = { config, migrations, options: { ...options, dryRun: beginning.isDryRun }, record: beginning.record, tally, connections: new Connections() }
    const migrateAll = async (): Promise<void> => { for (const [index, wave] of plan.waves.entries()) await runWave(run, wave, index === 0) }
    await (beginning.isDryRun || !hasChanges(migrations, plan) ? migrateAll() : announced(config, home, migrateAll))
    return close(run)
  })
}

interface Beginning {
  readonly record: RunRecord
  readonly choice: Choice
  readonly isDryRun: boolean
}

async function begin (home: Sql, { resume, onlyFailed, tenants, canaries, dryRun }: CheckedOptions): Promise<Beginning> {
  if (resume !== undefined) {
    const { record, isDryRun, tenants: left } = await resumeRun(home, resume)
    return { record, isDryRun, choice: { tenants: left, isNamed: false, canaries } }
  }
  const failed = onlyFailed ? await lastFailed(home) : undefined
  return { record: await beginRun(home, dryRun), isDryRun: dryRun, choice: { tenants: failed ?? tenants, isNamed: !onlyFailed, canaries } }
}

async function close ({ record, tally, connections }: Run): Promise<MigrationReport> {
  const { results, stoppedBecause, ms } = tally
  const count = (state: string): number => results.filter((result) => result.state === state).length
  const failed = count('failed')
  await record.close(stoppedBecause !== undefined ? 'stopped' : failed > 0 ? 'failed' : 'done', stoppedBecause)
  const reason = stoppedBecause === undefined ? {} : { stoppedBecause }
  return { runId: record.id, results, failed, done: count('done'), skipped: count('skipped'), ...reason, ms, peakConnections: connections.peak }
}
