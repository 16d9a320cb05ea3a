import type { Sql } from 'postgres'
import { TenantUnknownError } from '../../words/errors/index.ts'
import type { Place, Tenant } from '../../words/types.ts'
import { HOME, type TenancyConfig } from '../../settings/config/index.ts'
import { inTransaction, withOwner } from '../../data/owner/index.ts'
import { TENANTS_TABLE, fixedTenant, listTenants } from '../../data/registry/index.ts'
import type { Migrations } from '../migrations/index.ts'

/** A schema that is to be migrated: that of one tenant, or the one that several share. */
export interface Task {
  readonly place: Place
  readonly tenants: readonly [Tenant, ...Tenant[]]
}

/** What a run has to do. */
export interface Plan {
  /** The canaries, and then all others. Each wave begins with its smallest schemas, so that most tenants are done early. */
  readonly waves: readonly (readonly Task[])[]
  /** Tenants that are left alone: half made, or archived. */
  readonly skipped: readonly Tenant[]
}

/** Which tenants are meant; undefined means all. */
export interface Choice {
  readonly tenants: readonly string[] | undefined
  /** Whether each of these has to be there still. */
  readonly isNamed: boolean
  readonly canaries: readonly string[] | undefined
}

const SERVED = new Set(['active', 'suspended'])

/**
 * Returns what has to be done. Tenants of one schema are one task, so whoever is chosen brings along those that share its
 * schema.
 *
 * @throws {TenantUnknownError} FST_TENANCY_TENANT_UNKNOWN — the choice names a tenant that is not in the registry.
 */
export async function planRun (config: TenancyConfig, home: Sql, choice: Choice): Promise<Plan> {
  const tenants = (await allTenants(config, home)).filter(({ status }) => status !== 'deleted')
  const known = new Set<string>(tenants.map(({ id }) => id))
  if ([...choice.isNamed ? choice.tenants ?? [] : [], ...choice.canaries ?? []].some((id) => !known.has(id))) throw new TenantUnknownError()
  const isChosen = chooser(choice.tenants)
  const tasks = bySchema(tenants.filter(({ status }) => SERVED.has(status))).filter((task) => task.tenants.some(isChosen))
  const isCanary = chooser(choice.canaries ?? await registeredCanaries(home))
  const sizes = await sizesOf(config, tasks)
  const sorted = [...tasks].sort((a, b) => (sizes.get(a) ?? 0) - (sizes.get(b) ?? 0))
  return {
    waves: [sorted.filter((task) => task.tenants.some(isCanary)), sorted.filter((task) => !task.tenants.some(isCanary))],
    skipped: tenants.filter((tenant) => !SERVED.has(tenant.status) && isChosen(tenant))
  }
}

/** Whether a run has migrations to apply, as far as the registry knows. */
export function hasChanges (migrations: Migrations | undefined, { waves }: Plan): boolean {
  if (migrations === undefined) return false
  const last = migrations.tenant.at(-1)?.name ?? ''
  return migrations.shared.length > 0 || waves.flat().some(({ tenants }) => tenants.some(({ migration }) => migration !== last))
}

/** Returns every tenant of the registry, or the one of single mode. */
export async function allTenants (config: TenancyConfig, home: Sql): Promise<readonly Tenant[]> {
  if (config.mode === 'single') return [fixedTenant(config)]
  return inTransaction(home, { lock: config.timeouts.acquire, statement: config.timeouts.statement }, (tx) => listTenants(tx, config))
}

async function registeredCanaries (home: Sql): Promise<readonly string[]> {
  return (await home.unsafe(`select id from ${TENANTS_TABLE} where canary`)).map((row) => String(row['id']))
}

function chooser (ids: readonly string[] | undefined): (tenant: Tenant) => boolean {
  const chosen = new Set<string>(ids)
  return ({ id }) => ids === undefined || chosen.has(id)
}

function bySchema (tenants: readonly Tenant[]): readonly Task[] {
  const groups = new Map<string, [Tenant, ...Tenant[]]>()
  for (const tenant of tenants) {
    const key = JSON.stringify([tenant.server, tenant.database, tenant.schema])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [tenant])
    else group.push(tenant)
  }
  return [...groups.values()].map((group) => ({ place: { server: group[0].server, database: group[0].database }, tenants: group }))
}

/** Sizes are for the order alone: where they cannot be had, the run itself will say what is wrong. */
async function sizesOf (config: TenancyConfig, tasks: readonly Task[]): Promise<ReadonlyMap<Task, number>> {
  const sizes = new Map<Task, number>()
  for (const server of new Set(tasks.map(({ place }) => place.server))) {
    const found = await sizesAt(config, { ...HOME, server }).catch(() => new Map<string, number>())
    for (const task of tasks) {
      if (task.place.server === server) sizes.set(task, found.get(task.place.database ?? `.${task.tenants[0].schema}`) ?? 0)
    }
  }
  return sizes
}

/** Schemas, with a dot in front, as their tables were last counted, which takes no lock; and whole databases. */
async function sizesAt (config: TenancyConfig, place: Place): Promise<ReadonlyMap<string, number>> {
  const rows = await withOwner(config, (sql) => sql.unsafe(`
    select '.' || n.nspname as name, sum(c.relpages)::float8 * 8192 as size
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname !~ '^pg_' group by 1
    union all
    select d.datname, case when pg_catalog.has_database_privilege(d.oid, 'connect') then pg_catalog.pg_database_size(d.oid) end
    from pg_catalog.pg_database d where d.datname like $1 and d.datname <> pg_catalog.current_database()`, [`${config.databasePrefix.replaceAll('_', '\\_')}%`]), place)
  return new Map(rows.map((row) => [String(row['name']), Number(row['size'])]))
}
