import type { TransactionSql } from 'postgres'
import { parseTenantId } from '../../words/names.ts'
import type { Tenant, TenantId } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { noteAction, withOwner } from '../../data/owner/index.ts'
import { TENANTS_TABLE } from '../../data/registry/index.ts'
import { exportTenant } from '../transfer/index.ts'
import { takeRights, takeRightsThere } from './archive.ts'
import { type DeleteRequest, type DeletionWork, assertDelete, deleteAfterOf } from './delete-request.ts'
import { assertAtOnePlace, destroy } from './destroy.ts'
import { type TenantRecord, changeTenant, finished, isHome, setStatus } from './job.ts'
import { type DeletionProof, readProof } from './proof.ts'
import { targetOf } from './transitions.ts'

/** Where a deletion stands. */
export type Deletion =
  | { readonly status: 'pending', readonly tenantId: TenantId, readonly deleteAfter: Date }
  | { readonly status: 'deleted', readonly tenantId: TenantId, readonly proof: DeletionProof }

/** What one deletion of several came to. */
export interface DeletionResult {
  readonly tenantId: TenantId
  readonly proof?: DeletionProof
  /** Why it was left; it can be run again. */
  readonly error?: Error
}

/**
 * Deletes a tenant in two steps. The first call archives it, from when on it is not served, and notes the time from which
 * it may be deleted; until then `restore` takes it back. A call after that time, or `deletePending`, deletes: everything
 * in its schema, its database or its rows in shared tables, in transactions that each fit into the lock table.
 *
 * Killed in the middle, it goes on where it stopped when it is called again. What is left is the id, which is never given
 * out again, and a proof.
 *
 * The SQL sent: update zakops_tenancy.tenants set status = 'archived', delete_after = … ; and after that time
 *   alter table … drop constraint …; drop table if exists … cascade; … (50 for each transaction); drop schema … cascade
 *   under rls: delete from shared.… where tenant_id = $1 and ctid = any (…) ; under database: drop database … with (force)
 *
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — the message lists every problem with the request.
 * @throws {TenantUnknownError} FST_TENANCY_TENANT_UNKNOWN
 * @throws {LifecycleFailedError} FST_TENANCY_LIFECYCLE_FAILED — it is not finished; `cause` says why.
 */
export async function deleteTenant (config: TenancyConfig, id: TenantId, request: DeleteRequest = {}): Promise<Deletion> {
  assertDelete(request)
  const asked = await changeTenant(config, id, async (tx, record) => {
    if (record.tenant.status === 'deleted') return { tenant: record.tenant, proof: await readProof(tx, record.tenant) }
    return askFor(tx, config, record, request)
  })
  if ('proof' in asked) return { status: 'deleted', tenantId: id, proof: asked.proof }
  await finished(takeRightsThere(config, asked.tenant))
  if (!asked.isDue) return { status: 'pending', tenantId: id, deleteAfter: asked.deleteAfter }
  return { status: 'deleted', tenantId: id, proof: await destroy(config, asked.tenant, { ...request, before: (tenant) => before(config, tenant, request) }) }
}

/** Deletes every tenant whose time has come, one after the other. One that fails is reported, and the others go on. */
export async function deletePending (config: TenancyConfig, work: DeletionWork = {}): Promise<readonly DeletionResult[]> {
  assertDelete(work)
  const results: DeletionResult[] = []
  for (const id of await dueTenants(config)) results.push(await oneOf(config, id, work))
  return results
}

/** Returns the ids of the tenants whose time has come, by the clock of the registry's server, those that wait longest first. */
export async function dueTenants (config: TenancyConfig): Promise<readonly TenantId[]> {
  const rows = await withOwner(config, async (sql) => sql.unsafe(`
    select id from ${TENANTS_TABLE} where status = 'archived' and delete_after <= pg_catalog.clock_timestamp() order by delete_after, id collate "C"`))
  return rows.map((row) => parseTenantId(row['id']))
}

async function before (config: TenancyConfig, tenant: Tenant, { exportTo, before: given }: DeleteRequest): Promise<void> {
  await given?.(tenant)
  if (exportTo !== undefined) await exportTenant(config, tenant, exportTo)
}

interface Asked {
  readonly tenant: Tenant
  readonly isDue: boolean
  readonly deleteAfter: Date
}

async function askFor (tx: TransactionSql, config: TenancyConfig, { tenant, deleteAfter, isBeingDeleted }: TenantRecord, request: DeleteRequest): Promise<Asked> {
  const status = targetOf(tenant, 'delete')
  const after = deleteAfterOf(request, deleteAfter)
  if (after !== undefined) {
    await noteAction(tx, { action: 'delete.requested', tenantId: tenant.id, actor: request.actor, details: { from: tenant.status, after: after.toISOString() } })
    await tx.unsafe(`update ${TENANTS_TABLE} set delete_after = $2 where id = $1`, [tenant.id, after.toISOString()])
  }
  if (isHome(tenant)) await takeRights(tx, config, tenant)
  await setStatus(tx, config, tenant.id, status)
  const [row] = await tx.unsafe(`
    select delete_after <= pg_catalog.clock_timestamp() as due, (extract(epoch from delete_after) * 1000)::bigint::text as at
    from ${TENANTS_TABLE} where id = $1`, [tenant.id])
  const isDue = isBeingDeleted || row?.['due'] === true
  // In this transaction: a deletion that is refused does not take the tenant out of service.
  if (isDue) await assertAtOnePlace(tx, tenant.id)
  return { tenant: { ...tenant, status }, isDue, deleteAfter: new Date(Number(row?.['at'])) }
}

async function oneOf (config: TenancyConfig, tenantId: TenantId, work: DeletionWork): Promise<DeletionResult> {
  try {
    const tenant = await changeTenant(config, tenantId, async (_tx, record) => record.tenant)
    return { tenantId, proof: await destroy(config, tenant, work) }
  } catch (cause) {
    return { tenantId, error: cause instanceof Error ? cause : new Error('the deletion failed', { cause }) }
  }
}
