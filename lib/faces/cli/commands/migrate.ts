import type { CommandContext, CommandSpec } from '../command.ts'
import type { Outcome } from '../output.ts'
import { count, rate, runId, tenantIds } from '../readers.ts'
import { type Values, given } from '../values.ts'
import { type MigrateOptions, type MigrationReport, migrateTenants } from '../../../operations/fleet/index.ts'

export const migrate: CommandSpec = {
  name: 'migrate',
  description: 'Bring the migrations, policies and grants of every tenant up to date: canaries first, then the small ones.',
  options: [
    { flags: '--dry-run', description: 'run every migration and roll it back' },
    { flags: '--tenant <id...>', description: 'only these', read: tenantIds, conflicts: ['onlyFailed', 'resume'] },
    { flags: '--canary <id...>', description: 'these go first: if one fails, no other is touched', read: tenantIds },
    { flags: '--only-failed', description: 'only those that failed in the last run', conflicts: ['resume'] },
    { flags: '--resume <run>', description: 'what a run that was killed, stopped or had failures has not done', read: runId },
    { flags: '--concurrency <n>', description: 'the most connections to one server (default: 4)', read: count(1, 1_000) },
    { flags: '--stop-after <n>', description: 'stop after so many failures', read: count(1, 1_000_000) },
    { flags: '--stop-rate <rate>', description: 'stop when more than this part of at least twenty has failed (default: 0.25)', read: rate },
    { flags: '--lock-timeout <ms>', description: 'the longest wait for one lock (default: 2000)', read: count(1, 86_400_000) },
    { flags: '--attempts <n>', description: 'how often a tenant is tried that met a lock (default: 5)', read: count(1, 1_000) }
  ],
  run: async (context) => {
    const { progress, values, config } = context
    // Not as a whole tenancy: with the option signing that one does not start before the policies are what this makes them.
    const report = await migrateTenants(await config(), {
      ...optionsOf(values),
      onProgress: ({ done, failed, total, remainingMs }) =>
        progress.show({ done: done + failed, total, what: `${failed} failed, about ${Math.ceil(remainingMs / 1_000)} s left` })
    })
    return outcomeOf(report, context)
  }
}

function optionsOf (values: Values): MigrateOptions {
  const stopAfter = { ...given('failures', values.number('stopAfter')), ...given('rate', values.number('stopRate')) }
  return {
    dryRun: values.flag('dryRun'),
    onlyFailed: values.flag('onlyFailed'),
    ...given('tenants', values.list('tenant')),
    ...given('canaries', values.list('canary')),
    ...given('resume', values.text('resume')),
    ...given('concurrency', values.number('concurrency')),
    ...given('lockTimeoutMs', values.number('lockTimeout')),
    ...given('attempts', values.number('attempts')),
    ...(Object.keys(stopAfter).length === 0 ? {} : { stopAfter })
  }
}

function outcomeOf (report: MigrationReport, { plainError }: CommandContext): Outcome {
  const { results, runId, failed, done, skipped, stoppedBecause } = report
  const told = results.map(({ error, ...result }) => ({ ...result, ...(error === undefined ? {} : { error: plainError(error) }) }))
  const shown = told.filter(({ state, applied }) => state !== 'done' || applied.length > 0)
  return {
    json: { ...report, results: told },
    lines: [
      `${done} done, ${failed} failed, ${skipped} skipped in run ${runId}`,
      ...(stoppedBecause === undefined ? [] : [`stopped: ${stoppedBecause}`]),
      ...(failed > 0 || stoppedBecause !== undefined ? [`repair the cause and go on with --resume ${runId}`] : [])
    ],
    rows: shown.map(({ tenantId, state, applied, error }) => ({ tenant: tenantId, state, applied: applied.join(' '), error: [error?.message, ...error?.because ?? []].filter(Boolean).join(' ') })),
    isFailed: failed > 0 || stoppedBecause !== undefined
  }
}
