import type { TransactionSql } from 'postgres'
import type { Tenant } from '../../words/types.ts'
import { TENANTS_TABLE, TENANT_COLUMNS, parseTenant } from '../../data/registry/index.ts'

/** What of the settings says where shared rows are. */
interface Place {
  readonly sharedSchema: string
}

/** Returns the tenant whose id is this one or differs only in letter case, or undefined. */
export async function findTenant (tx: TransactionSql, id: string, place: Place): Promise<Tenant | undefined> {
  const [row] = await tx.unsafe(`select ${TENANT_COLUMNS} from ${TENANTS_TABLE} where lower(id collate "C") = lower($1 collate "C")`, [id])
  return row === undefined ? undefined : parseTenant(row, place)
}

/** Writes a tenant into the registry as active. */
export async function insertTenant (tx: TransactionSql, tenant: Omit<Tenant, 'createdAt' | 'status'>, place: Place): Promise<Tenant> {
  const [row] = await tx.unsafe(`
    insert into ${TENANTS_TABLE} (id, name, status, strategy, schema) values ($1, $2, 'active', $3, $4)
    returning ${TENANT_COLUMNS}`, [tenant.id, tenant.name, tenant.isolation, tenant.schema])
  return parseTenant(row, place)
}

/** Renames a tenant if a name is given, and ends an unfinished provisioning. A suspended tenant stays suspended. */
export async function refreshTenant (tx: TransactionSql, tenant: Tenant, name: string | undefined, place: Place): Promise<Tenant> {
  const [row] = await tx.unsafe(`
    update ${TENANTS_TABLE} set name = $2, status = case status when 'provisioning' then 'active' else status end
    where id = $1 returning ${TENANT_COLUMNS}`, [tenant.id, name ?? tenant.name])
  return parseTenant(row, place)
}
