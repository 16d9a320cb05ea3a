import type { TransactionSql } from 'postgres'
import { CONTROL_SCHEMA, quoteIdentifier } from '../../words/names.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { inTransaction, withOwner } from '../../data/owner/index.ts'

const control = quoteIdentifier(CONTROL_SCHEMA)

/** Returns the id of the deployment that a database is of. */
export async function readDeployment (tx: TransactionSql): Promise<string> {
  const [row] = await tx.unsafe(`select deployment::text as deployment from ${control}.place`)
  return String(row?.['deployment'])
}

/** Returns the id of the deployment that the registry is of. */
export async function homeDeployment (config: TenancyConfig): Promise<string> {
  return withOwner(config, (sql) => inTransaction(sql, { lock: config.timeouts.acquire }, readDeployment))
}

/**
 * Makes a database one of a deployment's, and a tenant's own where it is to be. A database that somebody else uses is
 * refused: both have tenants of the same names, and each would see the other's rows.
 */
export async function claimDatabase (tx: TransactionSql, deployment: string, tenantId: string | null): Promise<void> {
  await tx.unsafe(`
    update ${control}.place set deployment = $1, tenant = $2
    where deployment <> $1 and tenant is null and not exists (select from ${control}.tenants) and not exists (select from ${control}.migrations)`,
  [deployment, tenantId])
  const [row] = await tx.unsafe(`select deployment::text as deployment, tenant from ${control}.place for update`)
  if (row?.['deployment'] === deployment && row['tenant'] === tenantId) return
  throw new Error('the database belongs to another deployment or tenant: give each deployment databases of its own, and those that share a server different values of databasePrefix')
}
