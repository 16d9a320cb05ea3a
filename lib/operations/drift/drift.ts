import type { Sql } from 'postgres'
import { OptionsInvalidError, TenantUnknownError } from '../../words/errors/index.ts'
import { TENANT_SETTING, quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import type { Place, Tenant } from '../../words/types.ts'
import { HOME, type TenancyConfig } from '../../settings/config/index.ts'
import { settingsOf } from '../../data/isolation/index.ts'
import { hasCitus, inTransaction, withOwner } from '../../data/owner/index.ts'
import { allTenants } from '../fleet/index.ts'
import { type Migrations, readMigrations } from '../migrations/index.ts'
import { citusSettings } from '../../data/wire/index.ts'
import { type Catalog, readCatalog } from './catalog.ts'
import { type Difference, type OwnedSchema, compare } from './compare.ts'
import { freshReference } from './reference.ts'

/** What tenants are compared with, and which. */
export interface DriftOptions {
  /** The id of a tenant that is as it should be, for those of its isolation strategy. Default: one that is made from the migrations, read and rolled back. */
  readonly reference?: string
  /** Only these tenants. */
  readonly tenants?: readonly string[]
}

/** What was found. */
export interface DriftReport {
  /** How many schemas were looked at. */
  readonly schemas: number
  readonly differences: readonly Difference[]
  /**
   * SQL for the owner that repairs what can be repaired, a transaction for each tenant; the rest is in comments, for somebody to
   * decide. Where something belongs to another role, a comment says that it takes a superuser.
   */
  readonly script: string
  readonly ms: number
}

/** What is different about one tenant. */
interface Compared {
  readonly tenant: Tenant
  readonly differences: readonly Difference[]
  readonly onCitus: boolean
}

interface Comparison {
  readonly config: TenancyConfig
  readonly migrations: Migrations | undefined
  /** What there is to compare with, by server and isolation strategy. */
  readonly references: Map<string, OwnedSchema>
}

/**
 * Compares what each tenant's schema holds, by the catalogs of the server, with what it should hold. Changes nothing.
 *
 * Tenants that share a schema are one, told of by the first id. Tenants that are behind differ by what they have not had.
 *
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — there is neither a reference nor a folder of migrations.
 * @throws {TenantUnknownError} FST_TENANCY_TENANT_UNKNOWN — an option names a tenant that is not there.
 * @throws {MigrationFailedError} FST_TENANCY_MIGRATION_FAILED — no reference could be made.
 */
export async function findDrift (config: TenancyConfig, { reference, tenants: ids }: DriftOptions = {}): Promise<DriftReport> {
  const since = performance.now()
  const migrations = config.migrations === undefined ? undefined : await readMigrations(config.migrations, config)
  const all = (await withOwner(config, (home) => allTenants(config, home))).filter(({ status }) => status === 'active' || status === 'suspended')
  if ([...ids ?? [], ...reference === undefined ? [] : [reference]].some((id) => !all.some((tenant) => tenant.id === id))) throw new TenantUnknownError()
  const comparison: Comparison = { config, migrations, references: new Map() }
  const model = all.find(({ id }) => id === reference)
  if (model !== undefined) await useAsReference(comparison, model)
  const found: Compared[] = []
  for (const [place, tenants] of byPlace(all.filter(({ id }) => ids === undefined || ids.includes(id)))) {
    await withOwner(config, async (sql) => { found.push(...await compareAt(comparison, sql, tenants)) }, place)
  }
  const drifted = found.filter(({ differences }) => differences.length > 0)
  return {
    schemas: found.length,
    differences: drifted.flatMap(({ differences }) => differences),
    script: drifted.map((compared) => scriptOf(compared, config)).join('\n'),
    ms: Math.round(performance.now() - since)
  }
}

async function useAsReference ({ config, references }: Comparison, tenant: Tenant): Promise<void> {
  const catalog = await withOwner(config, (sql) => read(config, sql, [tenant.schema]), tenant)
  const owned = { tenantId: tenant.id, schema: tenant.schema, objects: catalog.get(tenant.schema) ?? new Map() }
  for (const server of ['default', ...Object.keys(config.servers)]) references.set(`${server} ${tenant.isolation}`, owned)
}

async function compareAt (comparison: Comparison, sql: Sql, tenants: readonly Tenant[]): Promise<readonly Compared[]> {
  const catalog = await read(comparison.config, sql, tenants.map(({ schema }) => schema))
  const onCitus = await hasCitus(sql)
  const found = []
  for (const tenant of tenants) {
    const reference = await referenceFor(comparison, tenant)
    const actual = { tenantId: tenant.id, schema: tenant.schema, objects: catalog.get(tenant.schema) ?? new Map() }
    found.push({ tenant, onCitus, differences: compare(reference, actual) })
  }
  return found
}

async function read (config: TenancyConfig, sql: Sql, schemas: readonly string[]): Promise<Catalog> {
  return inTransaction(sql, { lock: config.timeouts.acquire }, (tx) => readCatalog(tx, schemas))
}

async function referenceFor ({ config, migrations, references }: Comparison, { server, isolation }: Tenant): Promise<OwnedSchema> {
  const key = `${server} ${isolation}`
  const known = references.get(key)
  if (known !== undefined) return known
  if (migrations === undefined) throw new OptionsInvalidError('- drift needs the option migrations, or a reference: a tenant that is as it should be.')
  const place = { ...HOME, server }
  const made = await withOwner(config, (sql) => freshReference(config, sql, place, isolation, migrations), place)
  references.set(key, made)
  return made
}

/** One tenant for each schema. */
function byPlace (tenants: readonly Tenant[]): Iterable<readonly [Place, readonly Tenant[]]> {
  const places = new Map<string, readonly [Place, Tenant[]]>()
  const seen = new Set<string>()
  for (const tenant of tenants) {
    const { server, database, schema } = tenant
    const [key, schemaKey] = [JSON.stringify([server, database]), JSON.stringify([server, database, schema])]
    if (seen.has(schemaKey)) continue
    seen.add(schemaKey)
    const place = places.get(key)
    if (place === undefined) places.set(key, [{ server, database }, [tenant]])
    else place[1].push(tenant)
  }
  return places.values()
}

function scriptOf ({ tenant, differences, onCitus }: Compared, { extensionsSchema }: TenancyConfig): string {
  const settings = settingsOf(tenant, extensionsSchema)
  const { searchPath, tenantId } = settings
  return [
    `-- tenant ${tenant.id}: server ${tenant.server}${tenant.database === null ? '' : `, database ${tenant.database}`}`,
    'begin;',
    ...onCitus
      ? citusSettings(settings).map((statement) => `${statement};`)
      : [`select pg_catalog.set_config('search_path', ${quoteLiteral(searchPath)}, true), pg_catalog.set_config('${TENANT_SETTING}', ${quoteLiteral(tenantId)}, true);`],
    ...ownersFirst(differences),
    'commit;'
  ].join('\n')
}

/** What is another role's can only be taken back by a superuser, and has to be before anything else of it is repaired; what that one made itself would be its own. */
function ownersFirst (differences: readonly Difference[]): readonly string[] {
  const taken = differences.filter(({ object, kind }) => object.startsWith('owner ') && kind === 'different')
  const repairs = (some: readonly Difference[]): readonly string[] => some.map(({ repair }) => repair)
  const [first] = taken
  if (first === undefined) return repairs(differences)
  return [
    '-- Something belongs to another role, and only a superuser can take it back: run this as one, it goes on as the owner.',
    ...repairs(taken),
    `set local role ${quoteIdentifier(first.expected ?? '')};`,
    ...repairs(differences.filter((difference) => !taken.includes(difference)))
  ]
}
