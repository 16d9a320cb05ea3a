import postgres from 'postgres'
import type { Sql } from 'postgres'
import { MigrationRunBusyError, MigrationRunUnknownError, NotSetUpError } from '../../words/errors/index.ts'
import { CONTROL_SCHEMA, quoteIdentifier } from '../../words/names.ts'
import { TENANTS_TABLE } from '../../data/registry/index.ts'
import type { Plan } from './plan.ts'

const control = quoteIdentifier(CONTROL_SCHEMA)
export const RUNS = `${control}.migration_runs`
export const RESULTS = `${control}.migration_results`

/** Older runs are forgotten. */
const KEPT_RUNS = 100

const UNDEFINED_TABLE = '42P01'

/** How a tenant came out of a run. */
export interface Outcome {
  readonly state: 'done' | 'failed' | 'skipped'
  readonly applied: readonly string[]
  readonly error?: Error
  readonly ms: number
  /** The tenant migration that it has had last, for the registry; undefined leaves the registry as it is. */
  readonly migration: string | undefined
}

/**
 * What is written down of one run, on a connection of its own that holds the lock of the run: whoever gets the lock knows that
 * the process that had it is gone.
 */
export class RunRecord {
  readonly id: string
  readonly #home: Sql
  #writing: Promise<unknown> = Promise.resolve()

  constructor (id: string, home: Sql) {
    this.id = id
    this.#home = home
  }

  /** Puts every tenant of a plan down as queued, whatever it was before. */
  async queue ({ waves, skipped }: Plan): Promise<void> {
    const ids = [...waves.flat().flatMap(({ tenants }) => tenants), ...skipped].map(({ id }) => id)
    await this.#write(`
      insert into ${RESULTS} (run, tenant, position) select $1, t.id, t.position from unnest($2::text[]) with ordinality as t (id, position)
      on conflict (run, tenant) do update set state = 'queued', error = null, changed_at = clock_timestamp()`, [this.id, arrayOf(ids)])
    if (skipped.length > 0) await this.finish(skipped.map(({ id }) => id), { state: 'skipped', applied: [], ms: 0, migration: undefined })
  }

  async start (tenantIds: readonly string[]): Promise<void> {
    await this.#write(`update ${RESULTS} set state = 'running', changed_at = clock_timestamp() where run = $1 and tenant = any($2::text[])`, [this.id, arrayOf(tenantIds)])
  }

  /** Writes down how tenants came out, and what they have had in the registry. */
  async finish (tenantIds: readonly string[], { state, applied, error, ms, migration }: Outcome): Promise<void> {
    await this.#write(`
      with noted as (
        update ${TENANTS_TABLE} set migration = $3 where id = any($2::text[]) and $3::text is not null and migration <> $3)
      update ${RESULTS} set state = $4, applied = $5::text[], error = $6, ms = $7, changed_at = clock_timestamp()
      where run = $1 and tenant = any($2::text[])`,
    [this.id, arrayOf(tenantIds), migration ?? null, state, arrayOf(applied), error === undefined ? null : textOf(error), Math.round(ms)])
  }

  /** Closes the run. Those that it did not come to are skipped. */
  async close (state: 'done' | 'failed' | 'stopped', reason: string | undefined): Promise<void> {
    await this.#write(`update ${RESULTS} set state = 'skipped', changed_at = clock_timestamp() where run = $1 and state in ('queued', 'running')`, [this.id])
    await this.#write(`update ${RUNS} set state = $2, reason = $3, finished_at = clock_timestamp() where id = $1`, [this.id, state, reason ?? null])
  }

  /** One after the other: many workers write on one connection. */
  async #write (text: string, parameters: (string | number | null)[]): Promise<void> {
    const writing = this.#writing.then(() => this.#home.unsafe(text, parameters))
    this.#writing = writing.catch(() => {})
    await writing
  }
}

/** Begins a run, and forgets those of long ago. */
export async function beginRun (home: Sql, dryRun: boolean): Promise<RunRecord> {
  const [row] = await home.unsafe(`insert into ${RUNS} (dry_run) values ($1) returning id::text as id`, [dryRun]).catch((cause: unknown) => {
    throw cause instanceof postgres.PostgresError && cause.code === UNDEFINED_TABLE ? new NotSetUpError({ cause }) : cause
  })
  const id = String(row?.['id'])
  await takeRunLock(home, id)
  await home.unsafe(`delete from ${RUNS} where id in (select id from ${RUNS} order by started_at desc offset ${KEPT_RUNS})`)
  return new RunRecord(id, home)
}

/**
 * Takes over a run, with the tenants that it has not done.
 *
 * @throws {MigrationRunUnknownError} FST_TENANCY_MIGRATION_RUN_UNKNOWN
 * @throws {MigrationRunBusyError} FST_TENANCY_MIGRATION_RUN_BUSY — another process is at it.
 */
export async function resumeRun (home: Sql, id: string): Promise<{ readonly record: RunRecord, readonly isDryRun: boolean, readonly tenants: readonly string[] }> {
  const [run] = await home.unsafe(`select dry_run from ${RUNS} where id = $1`, [id])
  if (run === undefined) throw new MigrationRunUnknownError()
  if (!await takeRunLock(home, id)) throw new MigrationRunBusyError()
  await home.unsafe(`update ${RUNS} set state = 'running', reason = null, finished_at = null where id = $1`, [id])
  const rows = await home.unsafe(`
    select tenant from ${RESULTS} where run = $1 and state <> 'done'`, [id])
  return { record: new RunRecord(id, home), isDryRun: run['dry_run'] === true, tenants: rows.map((row) => String(row['tenant'])) }
}

/** Returns the tenants that failed in the last run that was no dry run. */
export async function lastFailed (home: Sql): Promise<readonly string[]> {
  const rows = await home.unsafe(`
    select tenant from ${RESULTS}
    where state = 'failed' and run = (select id from ${RUNS} where not dry_run order by started_at desc limit 1)`)
  return rows.map((row) => String(row['tenant']))
}

async function takeRunLock (home: Sql, id: string): Promise<boolean> {
  const [row] = await home.unsafe("select pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended('zakops_tenancy.run.' || $1, 0)) as taken", [id])
  return row?.['taken'] === true
}

/** What an operator has to know, in a line or two; the error of the server is the cause. */
function textOf (error: Error): string {
  const cause = error.cause instanceof Error ? ` ${error.cause.message}` : ''
  return `${error.message}${cause}`.replaceAll('\0', '').slice(0, 2_000)
}

/** As PostgreSQL writes an array of texts: the driver would ask for types. */
function arrayOf (texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`).join()}}`
}
