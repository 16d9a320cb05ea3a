import type { TransactionSql } from 'postgres'
import type { Tenant } from '../../words/types.ts'
import type { Naming } from '../../data/isolation/index.ts'
import { TENANTS_TABLE, TENANT_COLUMNS, parseTenant } from '../../data/registry/index.ts'

/** Returns the tenant whose id is this one or differs only in letter case, or undefined. */
export async function findTenant (tx: TransactionSql, id: string, naming: Naming): Promise<Tenant | undefined> {
  const [row] = await tx.unsafe(`select ${TENANT_COLUMNS} from ${TENANTS_TABLE} where lower(id collate "C") = lower($1 collate "C")`, [id])
  return row === undefined ? undefined : parseTenant(row, naming)
}

/** Writes a tenant into the registry, as one that is not served yet. */
export async function insertTenant (tx: TransactionSql, tenant: Omit<Tenant, 'createdAt' | 'status' | 'migration' | 'isMoving'>, naming: Naming): Promise<Tenant> {
  const [row] = await tx.unsafe(`
    insert into ${TENANTS_TABLE} (id, name, status, strategy, schema, server, database) values ($1, $2, 'provisioning', $3, $4, $5, $6)
    returning ${TENANT_COLUMNS}`, [tenant.id, tenant.name, tenant.isolation, tenant.schema, tenant.server, tenant.database])
  return parseTenant(row, naming)
}

/** What is new about a tenant that was made or brought up to date. */
export interface TenantNews {
  readonly name: string | undefined
  /** The last migration of all; undefined where none were looked at. */
  readonly migration: string | undefined
}

/** Notes what is new, and ends an unfinished provisioning. A suspended tenant stays suspended. */
export async function refreshTenant (tx: TransactionSql, tenant: Tenant, { name, migration }: TenantNews, naming: Naming): Promise<Tenant> {
  const [row] = await tx.unsafe(`
    update ${TENANTS_TABLE} set name = $2, migration = $3, status = case status when 'provisioning' then 'active' else status end
    where id = $1 returning ${TENANT_COLUMNS}`, [tenant.id, name ?? tenant.name, migration ?? tenant.migration])
  return parseTenant(row, naming)
}

/** Takes a tenant that was never served out of the registry. */
export async function deleteTenant (tx: TransactionSql, { id }: Tenant): Promise<void> {
  await tx.unsafe(`delete from ${TENANTS_TABLE} where id = $1 and status = 'provisioning'`, [id])
}
