import { randomBytes } from 'node:crypto'
import type { Sql } from 'postgres'
import { parseTenantId, quoteIdentifier } from '../../words/names.ts'
import type { IsolationStrategyName, Place, TenantSettings } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { strategyOf } from '../../data/isolation/index.ts'
import { inTransaction, keepLocal } from '../../data/owner/index.ts'
import { type Migrations, updateSchema } from '../migrations/index.ts'
import { roleAt } from '../roles/index.ts'
import { type Catalog, readCatalog } from './catalog.ts'
import type { OwnedSchema } from './compare.ts'

/** Takes what was read out of a transaction that is rolled back. */
class ReadAndGone extends Error {
  readonly catalog: Catalog

  constructor (catalog: Catalog) {
    super('the reference was read')
    this.catalog = catalog
  }
}

/** Returns what the schema of a tenant holds that was made just now, in a transaction that leaves nothing behind. */
export async function freshReference (config: TenancyConfig, sql: Sql, place: Place, isolation: IsolationStrategyName, migrations: Migrations): Promise<OwnedSchema> {
  const strategy = strategyOf(isolation)
  const schema = `zakops_reference_${randomBytes(6).toString('hex')}`
  const tenantId = parseTenantId(`reference-${randomBytes(6).toString('hex')}`)
  const { extensionsSchema } = config
  const settings: TenantSettings = { schema, tenantId, searchPath: `${strategy.pathOf(schema, { extensionsSchema }).map(quoteIdentifier).join(', ')}, pg_temp` }
  try {
    await inTransaction(sql, { lock: config.timeouts.acquire }, async (tx) => {
      await keepLocal(tx)
      await tx.unsafe(`create schema ${quoteIdentifier(schema)}`)
      await updateSchema(tx, { strategy, settings, tenantIds: [tenantId], appRole: roleAt(config, place), migrations, extensionsSchema, isAnnounced: true })
      throw new ReadAndGone(await readCatalog(tx, [schema], strategy.schemaOf(tenantId, config) === config.sharedSchema ? config.sharedSchema : undefined))
    })
  } catch (error) {
    if (error instanceof ReadAndGone) return { tenantId, schema, objects: error.catalog.get(schema) ?? new Map() }
    throw error
  }
  throw new Error('the reference was not read')
}
