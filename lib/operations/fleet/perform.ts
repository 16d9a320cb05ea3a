import type { Sql, TransactionSql } from 'postgres'
import { SchemaMissingError } from '../../words/errors/index.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { settingsOf, strategyOf } from '../../data/isolation/index.ts'
import { inTransaction } from '../../data/owner/index.ts'
import { type Migrations, lockFor, updateSchema } from '../migrations/index.ts'
import { roleAt } from '../roles/index.ts'
import type { CheckedOptions } from './options.ts'
import type { Task } from './plan.ts'

/** What every task of a run needs. */
export interface Work {
  readonly config: TenancyConfig
  readonly migrations: Migrations | undefined
  readonly options: CheckedOptions
}

/** Ends a transaction that went well and is to leave nothing behind. */
class DryRunEnd extends Error {
  readonly applied: readonly string[]

  constructor (applied: readonly string[]) {
    super('the dry run ends here')
    this.applied = applied
  }
}

/** Brings one schema up to date in one transaction, and returns the names of the migrations that it got. A dry run keeps nothing of it. */
export async function migrateSchema (sql: Sql, { config, migrations, options }: Work, { place, tenants }: Task): Promise<readonly string[]> {
  try {
    return await inTransaction(sql, { lock: options.lockTimeoutMs }, async (tx) => {
      const settings = settingsOf(tenants[0], config.extensionsSchema)
      await lockFor(tx, 'schema', settings.schema)
      await requireSchema(tx, settings.schema)
      const strategy = strategyOf(tenants[0].isolation)
      const update = { strategy, settings, tenantIds: tenants.map(({ id }) => id), appRole: roleAt(config, place), migrations, extensionsSchema: config.extensionsSchema }
      const applied = await updateSchema(tx, { ...update, isAnnounced: true })
      if (options.dryRun) throw new DryRunEnd(applied)
      return applied
    })
  } catch (error) {
    if (error instanceof DryRunEnd) return error.applied
    throw error
  }
}

async function requireSchema (tx: TransactionSql, schema: string): Promise<void> {
  const [found] = await tx`select 1 from pg_catalog.pg_namespace where nspname = ${schema}`
  if (found === undefined) throw new SchemaMissingError()
}
