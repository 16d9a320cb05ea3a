import type { TransactionSql } from 'postgres'
import { MoveUnfinishedError } from '../../words/errors/index.ts'
import type { Tenant, TenantId } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { AUDIT_TABLE, noteAction, withOwner } from '../../data/owner/index.ts'
import { CONTROL_SCHEMA, quoteIdentifier } from '../../words/names.ts'
import { strategyOf } from '../../data/isolation/index.ts'
import { TENANTS_TABLE } from '../../data/registry/index.ts'
import { homeDeployment } from '../provisioning/index.ts'
import { leaveOutOfViews } from '../views/index.ts'
import { type RowCounts, countRows } from './count-rows.ts'
import { deleteRows } from './delete-rows.ts'
import type { DeletionWork } from './delete-request.ts'
import { dropDatabase, hasDatabase } from './drop-database.ts'
import { type SchemaDrop, dropSchema } from './drop-schema.ts'
import { type TenantRecord, changeTenant, finished, isHome, setStatus } from './job.ts'
import { type DeletionProof, readProof, writeProof } from './proof.ts'
import { wrongTransition } from './transitions.ts'

/**
 * Deletes an archived tenant whose time has come, and returns the proof. What it did is known at every moment: begun, with
 * the counts of all rows, before the first one goes; ended, with the proof, after the last one. In between it can be run again.
 */
export async function destroy (config: TenancyConfig, tenant: Tenant, work: DeletionWork): Promise<DeletionProof> {
  return finished(destroyAtPlace(config, tenant, work))
}

async function destroyAtPlace (config: TenancyConfig, tenant: Tenant, work: DeletionWork): Promise<DeletionProof> {
  const { id } = tenant
  const isBegun = await changeTenant(config, id, async (tx, record) => {
    await assertAtOnePlace(tx, id)
    return assertDue(record).isBeingDeleted
  })
  if (!isBegun) await work.before?.(tenant)
  const isThere = !ownsDatabase(tenant) || await hasDatabase(config, tenant)
  const counted = isBegun || !isThere ? {} : await there(config, tenant, work, countRows)
  const counts = await changeTenant(config, id, async (tx, record) => begin(tx, assertDue(record), work, counted))
  if (isHome(tenant)) await leaveOutOfViews(config, id)
  if (ownsDatabase(tenant)) await dropDatabase(config, tenant)
  else await there(config, tenant, work, strategyOf(tenant.isolation).hasOwnSchema ? dropSchema : deleteRows)
  return changeTenant(config, id, async (tx, record) => end(tx, config, record, work, counts))
}

function ownsDatabase (tenant: Tenant): tenant is Tenant & { readonly database: string } {
  return tenant.database !== null
}

async function there<T> (config: TenancyConfig, tenant: Tenant, { onProgress }: DeletionWork, fn: (drop: SchemaDrop) => Promise<T>): Promise<T> {
  const deployment = await homeDeployment(config)
  return withOwner(config, async (sql) => fn({
    sql,
    tenant,
    deployment,
    lockTimeout: config.timeouts.acquire,
    report: (progress) => onProgress?.({ tenantId: tenant.id, ...progress })
  }), tenant)
}

/** It may have been restored since it was asked for. */
function assertDue (record: TenantRecord): TenantRecord {
  const { tenant, isDue, isBeingDeleted } = record
  if (tenant.status === 'deleted' || isBeingDeleted || (tenant.status === 'archived' && isDue)) return record
  throw wrongTransition(tenant.status, 'delete')
}

/** What a move has left, or not finished, would outlive the tenant. */
export async function assertAtOnePlace (tx: TransactionSql, id: TenantId): Promise<void> {
  const { count } = await tx.unsafe(`select from ${quoteIdentifier(CONTROL_SCHEMA)}.moves where tenant = $1`, [id])
  if (count > 0) throw new MoveUnfinishedError()
}

async function begin (tx: TransactionSql, { tenant, isBeingDeleted }: TenantRecord, { actor }: DeletionWork, counted: RowCounts): Promise<RowCounts> {
  if (isBeingDeleted) return readCounts(tx, tenant)
  await noteAction(tx, { action: 'delete.started', tenantId: tenant.id, actor, details: { tables: counted } })
  await tx.unsafe(`update ${TENANTS_TABLE} set delete_started = pg_catalog.clock_timestamp() where id = $1`, [tenant.id])
  return counted
}

/** What an earlier run counted before it deleted the first row. */
async function readCounts (tx: TransactionSql, { id }: Tenant): Promise<RowCounts> {
  const [row] = await tx.unsafe(`select details -> 'tables' as tables from ${AUDIT_TABLE} where tenant = $1 and action = 'delete.started' order by id desc limit 1`, [id])
  const tables: unknown = row?.['tables']
  return typeof tables === 'object' && tables !== null ? Object.fromEntries(Object.entries(tables).map(([name, count]) => [name, Number(count)])) : {}
}

/** The display name goes too: of the tenant, only the id is left. */
async function end (tx: TransactionSql, config: TenancyConfig, { tenant }: TenantRecord, { actor }: DeletionWork, counts: RowCounts): Promise<DeletionProof> {
  if (tenant.status === 'deleted') return readProof(tx, tenant)
  const proof = await writeProof(tx, tenant, actor, counts)
  await noteAction(tx, { action: 'delete.finished', tenantId: tenant.id, actor, details: { digest: proof.digest } })
  await tx.unsafe(`update ${TENANTS_TABLE} set name = id where id = $1`, [tenant.id])
  await setStatus(tx, config, tenant.id, 'deleted')
  return proof
}
