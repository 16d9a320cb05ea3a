import { Lanes } from '../../lib/data/lanes/index.ts'
import type { DatabaseOption } from '../../lib/settings/config/index.ts'
import { type Driver, openDriver, postgresDialect } from '../../lib/data/wire/index.ts'
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
  readonly timeouts: TestTimeouts
}

/** Opens lanes to `database` and closes them when `t` ends. */
export function testLanes (t: TestScope, database: DatabaseOption, request: LanesRequest = {}): TestLanes {
  const timeouts = { connect: 5_000, acquire: 5_000, statement: 5_000, transaction: 5_000, ...request.timeouts }
  const driver = openDriver(database, timeouts.connect)
  const lanes = new Lanes(driver, { max: request.max ?? 1, perTenant: request.perTenant ?? request.max ?? 1, waiting: request.waiting ?? 100, timeouts })
  t.teardown(() => lanes.close(0))
  return { driver, lanes, dialect: postgresDialect, timeouts }
}

/** The settings of a tenant with a schema of its own, or of `tenantId` with the path of another schema. */
export function settingsFor (tenantId: string, schema: string = `tenant_${tenantId}`): TenantSettings {
  return { tenantId: parseTenantId(tenantId), schema, searchPath: `"${schema}", "extensions", pg_temp` }
}
