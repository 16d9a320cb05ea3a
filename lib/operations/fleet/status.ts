import type { TenantId } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { withOwner } from '../../data/owner/index.ts'
import { type Migrations, numberOf, readMigrations } from '../migrations/index.ts'
import { allTenants } from './plan.ts'
import { RESULTS, RUNS } from './record.ts'

/** How far one tenant is. */
export interface TenantMigrationStatus {
  readonly tenantId: TenantId
  /** The last migration that it has had, as the registry says; empty before the first. */
  readonly migration: string
  /** How many it has not had; undefined where the options name no folder of migrations. */
  readonly pending: number | undefined
  /** What the last run that was no dry run made of it. */
  readonly lastRun: TenantRun | null
}

/** One tenant in one run. */
export interface TenantRun {
  readonly runId: string
  readonly state: 'queued' | 'running' | 'done' | 'failed' | 'skipped'
  readonly error: string | null
  readonly at: Date
}

/** Returns how far each tenant is, in the order of their ids. Reads the registry and the runs, and no tenant's database. */
export async function readMigrationStatus (config: TenancyConfig): Promise<readonly TenantMigrationStatus[]> {
  const migrations = config.migrations === undefined ? undefined : await readMigrations(config.migrations, config)
  return withOwner(config, async (home) => {
    const tenants = await allTenants(config, home)
    const rows = await home.unsafe(`
      select distinct on (r.tenant) r.tenant, r.run::text as run, r.state, r.error, (extract(epoch from r.changed_at) * 1000)::float8 as at
      from ${RESULTS} r join ${RUNS} u on u.id = r.run where not u.dry_run order by r.tenant, u.started_at desc`)
    const runs = new Map(rows.map((row) => [String(row['tenant']), toRun(row)]))
    return tenants.filter(({ status }) => status !== 'deleted').map(({ id, migration }) =>
      ({ tenantId: id, migration, pending: pendingAfter(migrations, migration), lastRun: runs.get(id) ?? null }))
  })
}

function pendingAfter (migrations: Migrations | undefined, migration: string): number | undefined {
  return migrations?.tenant.filter(({ name }) => numberOf(name) > numberOf(migration)).length
}

function toRun (row: Readonly<Record<string, unknown>>): TenantRun {
  const state = STATES.find((name) => name === row['state']) ?? 'queued'
  return { runId: String(row['run']), state, error: typeof row['error'] === 'string' ? row['error'] : null, at: new Date(Number(row['at'])) }
}

const STATES = ['queued', 'running', 'done', 'failed', 'skipped'] as const
