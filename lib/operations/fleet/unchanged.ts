import type { Sql } from 'postgres'
import { MigrationChangedError, MigrationRefusedError } from '../../words/errors/index.ts'
import type { Tenant } from '../../words/types.ts'
import { HOME, type TenancyConfig } from '../../settings/config/index.ts'
import { inTransaction, withOwner } from '../../data/owner/index.ts'
import { type Migrations, numberOf, pendingMigrations, readMigrations, sharedLedger } from '../migrations/index.ts'
import { allTenants } from './plan.ts'

/**
 * Throws if a file that tenants have had is another now, or gone. The ledger of the tenant that is farthest is asked: it has
 * had whatever any has had. Otherwise those that are behind would get another text than the others, and no file would suit
 * both any more.
 *
 * @throws {MigrationChangedError} FST_TENANCY_MIGRATION_CHANGED
 * @throws {MigrationRefusedError} FST_TENANCY_MIGRATION_REFUSED — a new file sorts before one that was applied.
 */
export async function assertUnchanged (config: TenancyConfig, home: Sql, migrations: Migrations): Promise<void> {
  const tenant = farthestOf(await allTenants(config, home))
  if (tenant === undefined) return
  const ask = (sql: Sql): Promise<void> => inTransaction(sql, { lock: config.timeouts.acquire }, async (tx) => {
    await pendingMigrations(tx, tenant.schema, migrations.tenant)
    await pendingMigrations(tx, sharedLedger(migrations.sharedSchema), migrations.shared)
  })
  await (isHome(tenant) ? ask(home) : withOwner(config, ask, tenant)).catch((error: unknown) => {
    // Where it cannot be asked, the others are not to wait for it: each has a ledger of its own.
    if (error instanceof MigrationChangedError || error instanceof MigrationRefusedError) throw error
  })
}

/** The same, for whoever only wants to know. Without a folder of migrations there is nothing to compare. */
export async function checkMigrationFiles (config: TenancyConfig): Promise<void> {
  if (config.migrations === undefined) return
  const migrations = await readMigrations(config.migrations, config)
  await withOwner(config, (home) => assertUnchanged(config, home, migrations))
}

/** One at home, if there is one: it can be asked for certain. */
function farthestOf (tenants: readonly Tenant[]): Tenant | undefined {
  const [first] = tenants.filter(({ status, migration }) => status !== 'deleted' && migration !== '')
    .sort((a, b) => Number(numberOf(b.migration) - numberOf(a.migration)) || Number(isHome(b)) - Number(isHome(a)))
  return first
}

function isHome ({ server, database }: Tenant): boolean {
  return server === HOME.server && database === HOME.database
}
