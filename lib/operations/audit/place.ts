import type { Sql } from 'postgres'
import { withShortClient } from '../../data/owner/index.ts'
import { strategyOf } from '../../data/isolation/index.ts'
import { type TenancyConfig, databaseAt } from '../../settings/config/index.ts'
import { ServerUnknownError } from '../../words/errors/index.ts'
import { isTenantId } from '../../words/names.ts'
import type { Finding, Place, Tenant } from '../../words/types.ts'
import { registryPolicyStatements } from '../roles/index.ts'
import type { AuditPlace } from './check.ts'
import { wordsSql } from './checks/words.ts'
import type { PlaceView } from './matrix.ts'
import { auditCatalog } from './run.ts'
import { poolerFindings, presetFindings } from './session-state.ts'
import { TABLES_SQL, type AuditedTable, tableOf } from './tables.ts'
import { DEFAULTS_SQL, REACHABLE_SQL, type TryStatement, asSent, inRolledBack, reachableOf, shapeOf, shapesSql, tryDefaults, tryForged, tryIndexes, tryPolicies } from './trying/index.ts'
import { lookAround } from './look-around.ts'

/** A place, and the tenants that the registry has there; undefined where the registry was not read. */
export interface PlaceRequest {
  readonly place: Place
  readonly tenants: readonly Tenant[] | undefined
}

/** Looks at one place as the application's role: its catalogs, what policies do, what can be read, and what stands between. */
export async function auditPlace (config: TenancyConfig, request: PlaceRequest): Promise<PlaceView> {
  const database = databaseAt(config, 'database', request.place)
  if (database === undefined) throw new ServerUnknownError()
  const options = { connectTimeout: config.timeouts.connect, applicationName: 'zakops-tenancy audit' }
  const open = async <T>(fn: (sql: Sql) => Promise<T>): Promise<T> => await withShortClient(database, options, fn)
  const pooler = await poolerFindings(open)
  // Where no transaction holds, nothing can be tried.
  if (pooler.some(({ severity }) => severity === 'fatal')) return { place: request.place, tenants: request.tenants ?? [], tables: [], findings: pooler, seen: new Map() }
  const view = await open(async (sql) => {
    const preset = await presetFindings(sql)
    // A connection that begins with a tenant says nothing of one that has none.
    const isPreset = preset.length > 0
    const inside = await inRolledBack(sql, async (attempt) => {
      const raw: TryStatement = async (setting, text) => await attempt(isPreset ? setting ?? '' : setting, text)
      const inside = await auditInside(await asSent(raw, config), config, request)
      // The wrong role altogether may set what it likes.
      return inside.findings.some(({ check }) => WRONG_ROLES.has(check)) ? inside : { ...inside, findings: [...inside.findings, ...await tryForged(raw, config)] }
    })
    return { ...inside, findings: [...preset, ...inside.findings] }
  })
  return { place: request.place, ...view, findings: [...view.findings, ...pooler] }
}

/** What they see says nothing. */
const WRONG_ROLES: ReadonlySet<string> = new Set(['role-superuser', 'role-is-owner'])

async function auditInside (attempt: TryStatement, config: TenancyConfig, { place, tenants }: PlaceRequest): Promise<Omit<PlaceView, 'place'>> {
  const words = auditPlaceOf(config, place, tenants)
  const query = async (text: string): Promise<readonly Record<string, unknown>[]> => {
    const tried = await attempt(undefined, text)
    if ('refusal' in tried) throw new Error(tried.refusal)
    return tried.rows
  }
  const ask = async (text: string): Promise<readonly Record<string, unknown>[]> => await query(`${wordsSql(words)} ${text}`)
  const catalog = await auditCatalog(query, words)
  const tables = (await ask(TABLES_SQL)).map(tableOf)
  const found = tenants ?? foundTenants(tables)
  if (catalog.some(({ check }) => WRONG_ROLES.has(check))) return { tenants: found, tables, findings: catalog, seen: new Map() }
  const known = found.map(({ id }) => String(id))
  const shapes = (await ask(shapesSql(registryPolicyStatements().join('; ')))).map(shapeOf)
  const tried = [
    ...await tryPolicies(attempt, shapes, known),
    ...await tryDefaults(attempt, await ask(DEFAULTS_SQL), known),
    ...await tryIndexes(attempt, shapes, known)
  ]
  const { findings, seen } = await lookAround(attempt, (await ask(REACHABLE_SQL)).map(reachableOf), found)
  return { tenants: found, tables, findings: [...catalog, ...tried, ...findings], seen }
}

function auditPlaceOf ({ sharedSchema, extensionsSchema, signing, locked }: TenancyConfig, { database }: Place, tenants: readonly Tenant[] | undefined): AuditPlace {
  if (tenants === undefined) return { sharedSchema, extensionsSchema, isOwnDatabase: database !== null, isSigning: signing !== undefined, isLocked: locked }
  return {
    sharedSchema,
    extensionsSchema,
    isOwnDatabase: database !== null,
    isSigning: signing !== undefined,
    isLocked: locked,
    policySchemas: tenants.filter(({ isolation }) => strategyOf(isolation).hasPolicies && strategyOf(isolation).hasOwnSchema).map(({ schema }) => schema),
    hasSharedTenants: tenants.some(({ isolation }) => isolation === 'rls')
  }
}

/** Without the registry: whoever has a schema. */
function foundTenants (tables: readonly AuditedTable[]): ReadonlyArray<Pick<Tenant, 'id' | 'isolation' | 'schema'>> {
  const schemas = new Map(tables.filter(({ schema }) => schema.startsWith('tenant_')).map(({ schema, isProtected }) => [schema, isProtected]))
  return [...schemas].flatMap(([schema, isProtected]) => {
    const id = schema.slice('tenant_'.length)
    return isTenantId(id) ? [{ id, schema, isolation: isProtected ? 'schema+rls' as const : 'schema' as const }] : []
  })
}

/** Findings, each with the place where it is. */
export function withPlace (findings: readonly Finding[], place: Place): readonly Finding[] {
  return findings.map((finding) => ({ ...finding, place }))
}
