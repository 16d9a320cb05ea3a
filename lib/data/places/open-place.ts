import { databaseAt } from '../../settings/config/index.ts'
import { CitusLockedError, CitusSigningError, DatabaseUnreachableError, PlaceWrongError, QueueTimeoutError, ServerUnknownError } from '../../words/errors/index.ts'
import type { Place, Tenant } from '../../words/types.ts'
import { Channels } from '../channels/index.ts'
import { type AskForTypes, type ConnectionBudget, Lanes, type PlaceMark } from '../lanes/index.ts'
import { ARRAY_TYPES_SQL, citusDialect, lockedDialect, openDriver, postgresDialect, probeServer } from '../wire/index.ts'
import type { PlacesOptions } from './options.ts'
import { TenantPlace } from './tenant-place.ts'

/** How one place is opened. */
export interface PlaceRequest {
  readonly place: Place
  readonly budget: ConnectionBudget
  /** How many connections it never gives up for another place. */
  readonly keep: number
  /** The most connections that one tenant may have alone. */
  readonly perTenant: number
  /** What its connections have to say of it. */
  readonly mark?: PlaceMark
}

/**
 * Connects to a place: looks who answers, and opens the first connection.
 *
 * @throws {DatabaseUnreachableError} FST_TENANCY_DATABASE_UNREACHABLE
 * @throws {PlaceWrongError} FST_TENANCY_PLACE_WRONG — it is another's database.
 * @throws {CitusSigningError} FST_TENANCY_CITUS_SIGNING — it is on Citus, and tenant ids are to be signed.
 * @throws {CitusLockedError} FST_TENANCY_CITUS_LOCKED — it is on Citus, and is said to be locked.
 * @throws {QueueTimeoutError} FST_TENANCY_SQL_QUEUE_TIMEOUT — the connections of all places are in use.
 */
export async function openPlace (options: PlacesOptions, request: PlaceRequest): Promise<TenantPlace> {
  const { config, log, admit, age, ask, settingsOf, sign } = options
  const { timeouts, lanes: { max, waiting } } = config
  const database = databaseAt(config, 'database', request.place)
  // Never another server's instead (rule 1).
  if (database === undefined) throw new ServerUnknownError()
  const driver = openDriver(database, timeouts.connect, config.database)
  const { isPooled, isCitus } = await probeServer(driver).catch((cause: unknown) => { throw new DatabaseUnreachableError({ cause }) })
  if (isPooled) log.warn({ server: request.place.server }, 'a connection pooler answers: statements are not prepared by name, and sql.reserve and advisory locks need its session mode')
  if (isCitus) log.info({ server: request.place.server }, 'Citus is installed here: settings reach its workers with each statement, in a transaction of its own')
  if (isCitus && sign !== undefined) throw new CitusSigningError()
  if (isCitus && config.locked) throw new CitusLockedError()
  const isNamed = driver.isPreparing && !isPooled
  const dialect = isCitus ? citusDialect({ isNamed }) : config.locked ? lockedDialect({ isNamed }) : postgresDialect({ isNamed, sign })
  const lanes: Lanes = new Lanes(driver, dialect, {
    ...request,
    age,
    max,
    waiting,
    timeouts,
    isPooled,
    askForTypes: (types) => typesAt(types)
  })
  const typesAt: AskForTypes = async (types) => (await ask(opened, ARRAY_TYPES_SQL, [`{${types.join()}}`]))
    .map(({ array, element }) => ({ array: Number(array), element: Number(element) }))
  const channels = new Channels({ driver, isPooled, connectTimeoutMs: timeouts.connect, key: config.channelKey, admit, log })
  const opened: TenantPlace = new TenantPlace({ driver, isPooled, dialect, lanes, channels, settingsOf })
  try {
    await lanes.start()
    return opened
  } catch (cause) {
    await opened.close(0)
    throw cause instanceof PlaceWrongError || cause instanceof QueueTimeoutError ? cause : new DatabaseUnreachableError({ cause })
  }
}

/** The name under which a place is known. A server's name has no slash. */
export function placeKey ({ server, database }: Pick<Tenant, 'server' | 'database'>): string {
  return database === null ? server : `${server}/${database}`
}
