import { isDeepStrictEqual } from 'node:util'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { inTransaction } from '../../data/owner/index.ts'
import { readMigrations } from '../migrations/index.ts'
import { readSource } from './catalog.ts'
import { checkPlan } from './check.ts'
import { isSetUp, withAdopter } from './connection.ts'
import { enforce } from './enforce.ts'
import { finishAdoption } from './finish.ts'
import { type AdoptionJob, type AdoptionOptions, type LockReport, findJob, withAdoption } from './job.ts'
import { type AdoptionPlan, type PlanRequest, parsePlan, proposePlan } from './plan.ts'
import { type ShadowReport, shadow } from './shadow.ts'
import { beginAdoption, stamp } from './stamp.ts'
import { type AdoptionStage, findState } from './state.ts'
import { undoAdoption } from './undo.ts'

/** What a step came to. */
export interface AdoptionReport {
  /** The schema that the service has its tables in. */
  readonly schema: string
  /** `none` is before the first step and after an undo. */
  readonly stage: AdoptionStage | 'none'
  /** Each short transaction that locked a table: how often it was tried, and how long others waited for it at most. */
  readonly locks: readonly LockReport[]
  readonly longestMs: number
  readonly tookMs: number
}

/** Reads a live database, and proposes what becomes of each table. Changes nothing. */
export async function planAdoption (config: TenancyConfig, request: Pick<PlanRequest, 'schema' | 'tenant' | 'target'> & Partial<PlanRequest>): Promise<AdoptionPlan> {
  const migrations = config.migrations === undefined ? { tenant: [], shared: [] } : await readMigrations(config.migrations, config)
  const had = { baseline: migrations.tenant.at(-1)?.name ?? null, sharedBaseline: migrations.shared.at(-1)?.name ?? null }
  const plan = await withAdopter(config, (sql) => inTransaction(sql, { lock: config.timeouts.acquire }, async (tx) => proposePlan(await readSource(tx, request.schema), { ...had, ...request })))
  return parsePlan(plan)
}

/** Holds a plan against the database, and returns a sentence for whatever does not fit. Where the adoption has begun, its plan is what counts. */
export async function checkAdoption (config: TenancyConfig, plan: unknown): Promise<readonly string[]> {
  const parsed = parsePlan(plan)
  return await withAdopter(config, async (sql) => {
    const begun = await isSetUp(sql) ? await findState(sql, parsed.schema) : undefined
    if (begun !== undefined) return isDeepStrictEqual(begun.plan, parsed) ? [] : ['the adoption that has begun here has another plan.']
    return await inTransaction(sql, { lock: config.timeouts.acquire }, async (tx) => checkPlan(parsed, await readSource(tx, parsed.schema)))
  })
}

/** Gives the tables their tenant column and their new places; the service goes on through views. See {@link stampTables}. */
export async function stampAdoption (config: TenancyConfig, plan: unknown, options: AdoptionOptions = {}): Promise<AdoptionReport> {
  const parsed = parsePlan(plan)
  return await reported(config, parsed.schema, async (sql) => await stamp(config, sql, await beginAdoption(config, sql, parsed, options.actor), options))
}

/** Reads every table as the tenant beside all of it. Changes nothing but the note that there was no difference. */
export async function shadowAdoption (config: TenancyConfig, schema: string, options: AdoptionOptions = {}): Promise<ShadowReport> {
  return await withAdoption(config, schema, async (sql) => await shadow(await findJob(config, schema, sql, options)))
}

export async function enforceAdoption (config: TenancyConfig, schema: string, options: AdoptionOptions = {}): Promise<AdoptionReport> {
  return await performed(config, schema, options, enforce)
}

export async function undoWhole (config: TenancyConfig, schema: string, options: AdoptionOptions = {}): Promise<AdoptionReport> {
  return await performed(config, schema, options, undoAdoption)
}

export async function finishWhole (config: TenancyConfig, schema: string, options: AdoptionOptions = {}): Promise<AdoptionReport> {
  return await performed(config, schema, options, finishAdoption)
}

async function performed (config: TenancyConfig, schema: string, options: AdoptionOptions, step: (job: AdoptionJob) => Promise<void>): Promise<AdoptionReport> {
  return await reported(config, schema, async (sql) => {
    const job = await findJob(config, schema, sql, options)
    await step(job)
    return job
  })
}

async function reported (config: TenancyConfig, schema: string, step: (sql: AdoptionJob['sql']) => Promise<AdoptionJob>): Promise<AdoptionReport> {
  const began = performance.now()
  return await withAdoption(config, schema, async (sql) => {
    const { locks } = await step(sql)
    const stage = (await findState(sql, schema))?.stage ?? 'none'
    return { schema, stage, locks, longestMs: Math.max(0, ...locks.map(({ heldMs }) => heldMs)), tookMs: Math.round(performance.now() - began) }
  })
}
