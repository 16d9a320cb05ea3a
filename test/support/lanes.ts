import { Channels } from '../../lib/data/channels/index.ts'
import { ConnectionBudget, Lanes } from '../../lib/data/lanes/index.ts'
import { type PlaceSource, TenantPlace } from '../../lib/data/places/index.ts'
import type { DatabaseOption } from '../../lib/settings/config/index.ts'
import { type Driver, type SettingsDialect, openDriver, postgresDialect } from '../../lib/data/wire/index.ts'
import { type TenantQuery, queryFactory } from '../../lib/data/client/tenant-query.ts'
import type { TransactionSurroundings } from '../../lib/data/client/transaction.ts'
import { parseTenantId } from '../../lib/words/names.ts'
import type { TenantSettings } from '../../lib/words/types.ts'

interface TestScope {
  teardown (fn: () => unknown): void
}

interface LanesRequest {
  readonly max?: number
  readonly waiting?: number
  readonly perTenant?: number
  readonly timeouts?: Partial<TestTimeouts>
  /** How settings are sent. Default: as to PostgreSQL. */
  readonly dialect?: SettingsDialect
}

interface TestTimeouts {
  readonly connect: number
  readonly acquire: number
  readonly statement: number
  readonly transaction: number
}

/** Lanes below the tenant client, for tests of what holds when the client's own checks do not. */
export interface TestLanes extends TransactionSurroundings {
  readonly driver: Driver
  readonly channels: Channels
  readonly dialect: SettingsDialect
  readonly timeouts: TestTimeouts
  /** Makes a query that nobody's rules stand in front of. */
  readonly query: (text: string, parameters?: readonly unknown[], options?: object) => TenantQuery
  /** Runs one statement with these settings, and returns its rows. */
  readonly run: (settings: TenantSettings, text: string, parameters?: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>
}

/** Opens lanes to `database` and closes them when `t` ends. */
export async function testLanes (t: TestScope, database: DatabaseOption, request: LanesRequest = {}): Promise<TestLanes> {
  const timeouts = { connect: 5_000, acquire: 5_000, statement: 5_000, transaction: 5_000, ...request.timeouts }
  const driver = openDriver(database, timeouts.connect)
  const dialect = request.dialect ?? postgresDialect({ isNamed: true })
  const lanes = new Lanes(driver, dialect, { max: request.max ?? 1, perTenant: request.perTenant ?? request.max ?? 1, waiting: request.waiting ?? 100, budget: new ConnectionBudget(100), keep: 1, age: { current: undefined }, isPooled: false, timeouts, askForTypes: async () => [] })
  const channels = new Channels({ driver, isPooled: false, connectTimeoutMs: timeouts.connect, key: undefined, admit: () => Promise.reject(new Error('nobody')), log: { info () {}, warn () {}, error () {} } })
  t.teardown(() => lanes.close(0))
  await lanes.start()
  const make = queryFactory(driver.builder)
  const rules = { send () {}, assertReader () {}, cancel () {}, explain: () => undefined }
  const query: TestLanes['query'] = (text, parameters = [], options = {}) => make(rules, [text], parameters, { simple: false, ...options })
  return {
    driver,
    channels,
    lanes,
    dialect,
    timeouts,
    query,
    run: async (settings, text, parameters) => {
      const sent = query(text, parameters)
      lanes.run({ frame: dialect.frameOf(settings), query: sent, isAlone: false, isOurs: false })
      const rows: unknown = await Promise.prototype.then.call(sent)
      return Array.isArray(rows) ? rows : []
    }
  }
}

/** Makes these lanes the one place of a client. */
export function onlyPlace (lanes: TestLanes, settingsOf: () => TenantSettings): PlaceSource {
  const home = new TenantPlace({ ...lanes, isPooled: false, settingsOf })
  return { home, peek: () => home, open: async () => home, cancel: (query) => lanes.lanes.cancel(query) }
}

/** The settings of a tenant with a schema of its own, or of `tenantId` with the path of another schema. */
export function settingsFor (tenantId: string, schema: string = `tenant_${tenantId}`): TenantSettings {
  return { tenantId: parseTenantId(tenantId), schema, searchPath: `"${schema}", "extensions", pg_temp` }
}
