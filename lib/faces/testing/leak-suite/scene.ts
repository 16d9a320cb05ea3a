import { withServer } from '../administrator.ts'
import { LeakSuiteUnusableError } from '../../../words/errors/index.ts'
import { strategyOf } from '../../../data/isolation/index.ts'
import { parseTenantId } from '../../../words/names.ts'
import { resolveConfig } from '../../../settings/config/index.ts'
import type { TenantDatabase } from '../tenant-database.ts'
import { type Table, readTables } from './catalog.ts'
import { type Party, asTenant, partyOf, seedBehind, seedContextOf, seedParty } from './seed.ts'
import type { LeakSuiteOptions } from './types.ts'

/** Two tenants with rows, as every run begins. */
export interface Scene {
  readonly tables: readonly Table[]
  /** Returns both tenants with the rows that they were given first: a run adds to them. */
  copyOfParties (): readonly [Party, Party]
  /** Tables without rows, and why. */
  readonly unseeded: readonly string[]
}

/** How many rows each gets: counts have to differ. */
const ROWS = [3, 5] as const

/** Makes two tenants in a database and gives them rows with colliding keys. */
export async function setScene (database: TenantDatabase, options: LeakSuiteOptions): Promise<Scene> {
  const config = resolveConfig(database.options, {})
  const strategy = strategyOf(config.isolation)
  const pair = await database.createTenantPair()
  const parties = [pair.a, pair.b].map((tenant, at) => partyOf(tenant, at + 1, strategy.schemaOf(parseTenantId(tenant.id), config)))
  const [a, b] = parties
  if (a === undefined || b === undefined) throw new LeakSuiteUnusableError('- there are not two tenants')
  const tables = await withServer(database.adminUrl, async (admin) => {
    const found = await readTables(admin, a.schema, !strategy.hasOwnSchema)
    for (const [at, party] of [a, b].entries()) {
      const count = ROWS[at] ?? ROWS[0]
      await seedParty(admin, found, party, count)
      if (options.seed === undefined) continue
      await asTenant(admin, party, async (tx) => await options.seed?.(seedContextOf(tx, party)))
      await seedBehind(admin, found, party, count)
    }
    return found
  })
  const unseeded = [...new Map([...a.unseeded, ...b.unseeded])].map(([name, reason]) => `${name}: ${reason}`)
  return { tables, unseeded, copyOfParties: () => [{ ...a, rows: new Map(a.rows) }, { ...b, rows: new Map(b.rows) }] }
}
