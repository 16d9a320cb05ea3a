// The process that does the work, and that may be killed at any moment: all it knows it finds in the registry.
import { setTimeout as sleep } from 'node:timers/promises'
import { Value } from '@sinclair/typebox/value'
import { type MigrateOptions, type MigrationReport, type Tenancy, createTenancy } from 'zakops-tenancy'
import { type Job, type Message, jobSchema } from './messages.ts'
import { fleetOf } from './tenants.ts'

const LATE_MS = 15_000
const quiet = { info () {}, warn () {}, error () {} }

process.on('disconnect', () => process.exit())
process.once('message', (given: unknown) => {
  work(Value.Parse(jobSchema, given)).then(() => process.disconnect(), (error: unknown) => {
    say({ problem: explain(error) })
    process.disconnect()
  })
})

async function work (job: Job): Promise<void> {
  await withTenancy(job, job.migrations, async (tenancy) => {
    await provisionAll(tenancy, job)
    if (job.fail !== null) await plantDoubles(tenancy, job.fail)
  })
  await withTenancy(job, job.laterMigrations, (tenancy) => migrateAll(tenancy, job))
}

async function withTenancy (job: Job, migrations: string, fn: (tenancy: Tenancy) => Promise<void>): Promise<void> {
  const tenancy = await createTenancy({ mode: 'multi', ...job.first, servers: { second: job.second }, migrations, log: quiet })
  try {
    await fn(tenancy)
  } finally {
    await tenancy.close()
  }
}

/** Makes the tenants that are not there yet. One that was left half made is made again. */
async function provisionAll (tenancy: Tenancy, { tenants, concurrency }: Job): Promise<void> {
  const made = new Set<string>((await tenancy.registry.list()).filter(({ status }) => status === 'active').map(({ id }) => id))
  const waiting = fleetOf(tenants).filter(({ id }) => !made.has(id)).reverse()
  let done = tenants - waiting.length
  say({ phase: 'provisioning', done, total: tenants })
  await Promise.all(Array.from({ length: concurrency }, async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      await tenancy.provision(next)
      say({ phase: 'provisioning', done: ++done, total: tenants })
    }
  }))
}

/** Goes on with a run that was killed, if there is one; else begins one. */
async function migrateAll (tenancy: Tenancy, job: Job): Promise<void> {
  const status = await tenancy.migrationStatus()
  const left = status.find(({ lastRun }) => lastRun !== null && lastRun.state !== 'done')?.lastRun?.runId
  if (left === undefined && status.every(({ pending }) => pending === 0)) return
  const before = left === undefined ? 0 : status.filter(({ lastRun }) => lastRun?.state === 'done').length
  say({ phase: 'migrating', done: before, total: job.tenants })
  const options: MigrateOptions = {
    concurrency: Math.max(1, Math.floor(job.concurrency / 2)),
    onProgress: ({ done, failed }) => say({ phase: 'migrating', done: before + done + failed, total: job.tenants })
  }
  const report = await whenFree(() => tenancy.migrate(left === undefined ? options : { ...options, resume: left }))
  tell(report, left !== undefined)
  if (report.failed === 0 || job.fail === null) return
  await removeDoubles(tenancy, job.fail)
  tell(await tenancy.migrate({ ...options, resume: report.runId }), true)
}

/** The server notices a moment later that the process which had the run is gone. */
async function whenFree (fn: () => Promise<MigrationReport>): Promise<MigrationReport> {
  for (const until = Date.now() + LATE_MS; ;) {
    try {
      return await fn()
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'FST_TENANCY_MIGRATION_RUN_BUSY') || Date.now() > until) throw error
      await sleep(200)
    }
  }
}

/** Two sessions of one user, which a later migration does not allow. */
async function plantDoubles ({ runWithTenant, sql }: Tenancy, id: string): Promise<void> {
  await runWithTenant(id, () => sql`insert into user_sessions (id, user_name) values ('1', 'wile'), ('2', 'wile') on conflict do nothing`)
}

async function removeDoubles ({ runWithTenant, sql }: Tenancy, id: string): Promise<void> {
  await runWithTenant(id, () => sql`delete from user_sessions where id = '2'`)
}

function tell ({ done, results }: MigrationReport, isResumed: boolean): void {
  say({ report: { done, failed: results.filter(({ state }) => state === 'failed').map(({ tenantId }) => tenantId), isResumed } })
}

function say (message: Message): void {
  process.send?.(message)
}

function explain (error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return `${error.message}${error.cause === undefined ? '' : `\n  ${explain(error.cause)}`}`
}
