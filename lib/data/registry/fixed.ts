import type { TenancyConfig } from '../../settings/config/index.ts'
import { DEFAULT_SERVER, type Tenant } from '../../words/types.ts'
import { type Naming, strategyOf } from '../isolation/index.ts'

/** Returns the one tenant of single mode, which the settings tell of: there may be no registry. */
export function fixedTenant (config: Pick<TenancyConfig, 'tenantId' | 'isolation' | keyof Naming>): Tenant {
  const { tenantId: id, isolation } = config
  const schema = strategyOf(isolation).schemaOf(id, config)
  // Under `database` too: the database of a single tenant is the one that the settings name.
  return Object.freeze({ id, name: id, status: 'active', isolation, schema, server: DEFAULT_SERVER, database: null, migration: '', isMoving: false, createdAt: new Date() })
}
