import type { TransactionSql } from 'postgres'
import { TenantUnknownError } from '../../words/errors/index.ts'
import type { Tenant, TenantId } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { inTransaction, noteAction, withOwner } from '../../data/owner/index.ts'
import { INSTANCE_SQL, INSTANCE_TABLE, MARK_INSTANCE_SQL } from '../roles/index.ts'
import { findTenant } from './row.ts'

/** Marks the database as that of the instances in `single` mode with this TENANT_ID, if nobody has marked it yet. */
export async function markInstance (tx: TransactionSql, { mode, tenantId }: TenancyConfig, { id }: Tenant): Promise<void> {
  if (mode !== 'single' || id !== tenantId) return
  await tx.unsafe(MARK_INSTANCE_SQL, [id])
}

/**
 * Gives the database to the instances in `single` mode with another TENANT_ID: those with the old one do not start any more.
 * Written into the audit log.
 *
 * The SQL sent, as the role of `ownerDatabase`: `insert into zakops_tenancy.instance … on conflict … do update …`
 *
 * @throws {TenantUnknownError} FST_TENANCY_TENANT_UNKNOWN — the registry has no such tenant.
 * @throws {OwnerMissingError} FST_TENANCY_PROVISION_OWNER_MISSING, and the other errors of the owner's connection.
 */
export async function claimInstance (config: TenancyConfig, { tenantId, actor }: { readonly tenantId: TenantId, readonly actor?: string | undefined }): Promise<Tenant> {
  return withOwner(config, (sql) => inTransaction(sql, { lock: config.timeouts.acquire }, async (tx) => {
    const tenant = await findTenant(tx, tenantId, config)
    if (tenant?.id !== tenantId || tenant.status === 'deleted') throw new TenantUnknownError()
    const [before] = await tx.unsafe(INSTANCE_SQL)
    await tx.unsafe(`insert into ${INSTANCE_TABLE} (tenant) values ($1)
      on conflict (only_row) do update set tenant = excluded.tenant, claimed_at = now()`, [tenantId])
    await noteAction(tx, { action: 'claim', tenantId, actor, details: { from: before?.['tenant'] ?? null } })
    return tenant
  }))
}
