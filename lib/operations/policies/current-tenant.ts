import type { TransactionSql } from 'postgres'
import { readStage } from '../../data/owner/index.ts'
import { CHECKED_TENANT_SQL } from '../roles/index.ts'
import { PLAIN_TENANT_SQL } from './statement.ts'

/**
 * Returns what the current tenant is in SQL, in this database: the setting, or what checks its signature. The database
 * decides and not the options, so that no process without the keys makes a policy that takes what is not signed.
 */
export async function readTenantSql (tx: TransactionSql): Promise<string> {
  return await readStage(tx) === 'off' ? PLAIN_TENANT_SQL : CHECKED_TENANT_SQL
}
