import { HOME } from '../../settings/config/index.ts'
import { runOutsideContext } from '../../settings/context/index.ts'
import { ClosedError, QueueFullError, RegistryUnavailableError } from '../../words/errors/index.ts'
import { CONTROL_SCHEMA, quoteIdentifier } from '../../words/names.ts'
import type { Tenant } from '../../words/types.ts'
import { ConnectionBudget, type LaneQuery } from '../lanes/index.ts'
import { openPlace, placeKey } from './open-place.ts'
import type { PlaceStats, PlacesOptions } from './options.ts'
import type { TenantPlace } from './tenant-place.ts'

/** Where tenants' statements go, as the tenant client sees it. */
export interface PlaceSource {
  /** Where the registry is. */
  readonly home: TenantPlace
  /** Returns the place of a tenant, or of nobody, if it is open. */
  peek (tenant: Tenant | undefined): TenantPlace | undefined
  /** Opens it. */
  open (tenant: Tenant | undefined): Promise<TenantPlace>
  /** Cancels a query wherever it is, also if it is nowhere yet. */
  cancel (query: LaneQuery): void
}

const DEPLOYMENT_SQL = `select deployment::text as deployment from ${quoteIdentifier(CONTROL_SCHEMA)}.place`

/** Of so many places it is remembered that the role was looked at. */
const MAX_JUDGED = 10_000

/** At least so many connections there may be, if the options do not say how many. */
const LEAST_TOTAL = 100

/** At least one connection stays for the registry. */
const KEPT_AT_HOME = 1

/**
 * The databases of a tenancy: the one with the registry, and those that tenants are in, opened when they are needed,
 * under one budget of connections, and closed when nobody has used them for `timeouts.idle`.
 */
export class Places implements PlaceSource {
  readonly home: TenantPlace
  readonly #options: PlacesOptions
  readonly #budget: ConnectionBudget
  readonly #max: number
  /** Without `home`; those that were used last at the end. */
  readonly #open = new Map<string, TenantPlace>()
  readonly #opening = new Map<string, Promise<TenantPlace>>()
  readonly #sweep: NodeJS.Timeout
  /** Where the role was looked at. As at home, once for the life of the process. */
  readonly #judged = new Set<string>()
  #waiting = 0
  #deployment: string | undefined
  #isClosed = false

  private constructor (options: PlacesOptions, home: TenantPlace, budget: ConnectionBudget, max: number) {
    this.#options = options
    this.home = home
    this.#budget = budget
    this.#max = max
    this.#sweep = setInterval(() => this.#closeQuiet(), Math.max(50, options.config.timeouts.idle / 4)).unref()
  }

  /** Connects to the place of the registry, and returns all places. */
  static async start (options: PlacesOptions): Promise<Places> {
    const { mode, lanes: { max, perTenant, total } } = options.config
    const most = total ?? Math.max(LEAST_TOTAL, max)
    const budget = new ConnectionBudget(most)
    // One lane is left for whoever else comes, so that slow statements of one tenant do not stop all.
    const share = perTenant ?? (mode === 'single' ? max : Math.max(1, max - 1))
    const home = await openPlace(options, { place: HOME, budget, keep: KEPT_AT_HOME, perTenant: share })
    return new Places(options, home, budget, most)
  }

  get stats (): PlaceStats {
    return { open: this.#open.size + 1, connections: this.#budget.used, max: this.#max }
  }

  /** Every place that is open. */
  get all (): readonly TenantPlace[] {
    return [this.home, ...this.#open.values()]
  }

  peek (tenant: Tenant | undefined): TenantPlace | undefined {
    if (tenant === undefined || (tenant.database === HOME.database && tenant.server === HOME.server)) return this.home
    return this.#open.get(placeKey(tenant))
  }

  /**
   * Returns the place of a tenant, opened if it is not open. Callers who come together share the opening.
   *
   * @throws {ServerUnknownError} FST_TENANCY_SERVER_UNKNOWN, {@link PlaceWrongError} FST_TENANCY_PLACE_WRONG,
   * {@link DatabaseUnreachableError} FST_TENANCY_DATABASE_UNREACHABLE, {@link RoleUnsafeError} FST_TENANCY_ROLE_UNSAFE,
   * {@link QueueFullError} FST_TENANCY_SQL_QUEUE_FULL, {@link ClosedError} FST_TENANCY_CLOSED
   */
  async open (tenant: Tenant | undefined): Promise<TenantPlace> {
    const known = this.peek(tenant)
    known?.touch()
    if (known !== undefined || tenant === undefined) return known ?? this.home
    if (this.#waiting >= this.#options.config.lanes.waiting) throw new QueueFullError()
    this.#waiting++
    try {
      return await (this.#opening.get(placeKey(tenant)) ?? this.#begin(tenant))
    } finally {
      this.#waiting--
    }
  }

  cancel (query: LaneQuery): void {
    for (const { lanes } of this.all) if (lanes.cancelIfKnown(query)) return
    this.home.lanes.cancel(query)
  }

  /** Closes every place, when what is under way has ended or `graceMs` have passed. */
  async close (graceMs: number): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#sweep)
    await Promise.all(this.all.map((place) => place.close(graceMs)))
  }

  #begin (tenant: Tenant): Promise<TenantPlace> {
    const key = placeKey(tenant)
    const opening = runOutsideContext(() => this.#connect(key, tenant)).finally(() => { this.#opening.delete(key) })
    this.#opening.set(key, opening)
    return opening
  }

  async #connect (key: string, tenant: Tenant): Promise<TenantPlace> {
    if (this.#isClosed) throw new ClosedError()
    if (this.#open.size >= this.#max) this.#makeRoom()
    const { server, database, id } = tenant
    const mark = { database: database ?? undefined, deployment: await this.deployment(), tenantId: database === null ? '' : id }
    const { lanes: { max, perTenant } } = this.#options.config
    const place = await openPlace(this.#options, {
      place: { server, database }, mark, budget: this.#budget, keep: 0, perTenant: database === null ? perTenant ?? Math.max(1, max - 1) : max
    })
    try {
      if (!this.#judged.has(key)) await this.#options.judge(place, tenant)
      if (this.#judged.size >= MAX_JUDGED) this.#judged.clear()
      this.#judged.add(key)
      if (this.#isClosed) throw new ClosedError()
    } catch (error) {
      await place.close(0)
      throw error
    }
    place.touch()
    this.#open.set(key, place)
    return place
  }

  /**
   * Returns what tells this deployment's databases from those of another one on the same servers.
   *
   * @throws {RegistryUnavailableError} FST_TENANCY_REGISTRY_UNAVAILABLE
   */
  async deployment (): Promise<string> {
    if (this.#deployment !== undefined) return this.#deployment
    const [row] = await this.#options.ask(this.home, DEPLOYMENT_SQL).catch((cause: unknown) => { throw new RegistryUnavailableError({ cause }) })
    if (typeof row?.['deployment'] !== 'string') throw new RegistryUnavailableError()
    this.#deployment = row['deployment']
    return this.#deployment
  }

  /** Closes the place that was opened longest ago of those that nobody uses at the moment. */
  #makeRoom (): void {
    for (const [key, place] of this.#open) {
      if (place.isIdle) return this.#close(key, place)
    }
  }

  #closeQuiet (): void {
    const now = performance.now()
    for (const [key, place] of this.#open) {
      if (place.quietFor(now) >= this.#options.config.timeouts.idle && place.isIdle) this.#close(key, place)
    }
  }

  #close (key: string, place: TenantPlace): void {
    this.#open.delete(key)
    place.close(0).catch((err: unknown) => this.#options.log.error({ err }, 'a place could not be closed'))
  }
}
