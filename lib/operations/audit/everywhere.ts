import { createOwnerRegistry } from '../../data/registry/index.ts'
import { HOME, type TenancyConfig } from '../../settings/config/index.ts'
import type { Finding, Place, Tenant } from '../../words/types.ts'
import { type PlaceView, type ReachMatrix, matrixOf } from './matrix.ts'
import { type PlaceRequest, auditPlace, withPlace } from './place.ts'

/** What the whole audit came to. */
export interface AuditReport {
  readonly findings: readonly Finding[]
  readonly matrix: ReachMatrix
  /** The databases that were looked at. */
  readonly places: readonly Place[]
  /** What was not looked at, and why; empty where everything was. */
  readonly skipped: readonly string[]
}

/** What one may hear while it goes on. */
export interface AuditOptions {
  readonly onPlace?: (progress: { readonly done: number, readonly total: number }) => void
}

/**
 * Looks at every database of the settings, as the application's role: the one with the registry, those of `servers`, and
 * those that tenants have for themselves. Changes nothing: what is tried is tried in transactions that read only and are
 * rolled back.
 *
 * A place that cannot be looked at is a finding, and the others are looked at all the same.
 */
export async function auditEverywhere (config: TenancyConfig, { onPlace }: AuditOptions = {}): Promise<AuditReport> {
  const tenants = config.ownerDatabase === undefined ? undefined : await createOwnerRegistry(config).list()
  const requests = requestsOf(config, tenants)
  const views: PlaceView[] = []
  for (const [done, request] of requests.entries()) {
    onPlace?.({ done, total: requests.length })
    views.push(await auditPlace(config, request).catch((error: unknown) => unreachable(request, error)))
  }
  return {
    findings: views.flatMap(({ place, findings }) => requests.length === 1 ? findings : withPlace(findings, place)),
    matrix: matrixOf(views),
    places: requests.map(({ place }) => place),
    skipped: tenants === undefined ? ['the registry was not read, because ownerDatabase is not set: databases of tenants\' own were not looked at, and tenants are those that have a schema'] : []
  }
}

function requestsOf (config: TenancyConfig, tenants: readonly Tenant[] | undefined): readonly PlaceRequest[] {
  const lived = tenants?.filter(({ status }) => status !== 'deleted')
  const places: readonly Place[] = [
    HOME,
    ...Object.keys(config.servers).map((server) => ({ server, database: null })),
    ...(lived ?? []).filter(({ database }) => database !== null).map(({ server, database }) => ({ server, database }))
  ]
  return places.map((place) => ({ place, tenants: lived?.filter(({ server, database }) => server === place.server && database === place.database) }))
}

function unreachable ({ place, tenants = [] }: PlaceRequest, error: unknown): PlaceView {
  const finding: Finding = {
    check: 'place-unreachable',
    severity: 'fatal',
    object: place.database ?? place.server,
    message: `It could not be looked at, so nothing is known of it: ${reasonOf(error)}`,
    repair: '-- see what "zakops-tenancy doctor" says of it, then look again'
  }
  return { place, tenants, tables: [], findings: [finding], seen: new Map() }
}

/** With the cause: of a log-in that was refused, the setting or password that it was refused for. */
function reasonOf (error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message} ${reasonOf(error.cause)}`
}
