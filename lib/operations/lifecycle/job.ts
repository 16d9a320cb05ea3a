import type { TransactionSql } from 'postgres'
import { LifecycleFailedError, TenantUnknownError } from '../../words/errors/index.ts'
import { isOwnError } from '../../words/own-error.ts'
import type { Tenant, TenantId, TenantStatus } from '../../words/types.ts'
import { HOME, type TenancyConfig } from '../../settings/config/index.ts'
import { inTransaction, withOwner } from '../../data/owner/index.ts'
import { TENANTS_TABLE, TENANT_COLUMNS, parseTenant } from '../../data/registry/index.ts'
import { lockFor } from '../migrations/index.ts'

/** Who asks for a change. */
export interface LifecycleOptions {
  /** Goes into the audit log, beside the role that is logged in. */
  readonly actor?: string
}

/** A tenant, with what only operators see of it. */
export interface TenantRecord {
  readonly tenant: Tenant
  /** When it may be deleted; null where nobody asked for that. */
  readonly deleteAfter: Date | null
  /** Whether something of it was deleted already. */
  readonly isBeingDeleted: boolean
  /** Whether its time has come, by the clock of the registry's server. */
  readonly isDue: boolean
}

/** Runs `fn` in a transaction of the registry, with the tenant's row locked: changes of one tenant happen one after the other. */
export async function changeTenant<T> (config: TenancyConfig, id: TenantId, fn: (tx: TransactionSql, record: TenantRecord) => Promise<T>): Promise<T> {
  return finished(withOwner(config, (sql) => inTransaction(sql, { lock: config.timeouts.acquire }, async (tx) => {
    await lockFor(tx, 'tenant', id.toLowerCase())
    return fn(tx, await readRecord(tx, config, id))
  })))
}

/** Returns what `work` does; an error that is not ours says that the work can be run again. */
export async function finished<T> (work: Promise<T>): Promise<T> {
  return work.catch((cause: unknown) => {
    throw isOwnError(cause) ? cause : new LifecycleFailedError({ cause })
  })
}

async function readRecord (tx: TransactionSql, config: TenancyConfig, id: TenantId): Promise<TenantRecord> {
  const [row] = await tx.unsafe(`
    select ${TENANT_COLUMNS}, (extract(epoch from delete_after) * 1000)::bigint::text as "deleteAfter", delete_started is not null as started,
      coalesce(delete_after <= pg_catalog.clock_timestamp(), false) as due
    from ${TENANTS_TABLE} where id = $1 for update`, [id])
  if (row === undefined) throw new TenantUnknownError()
  const deleteAfter: unknown = row['deleteAfter']
  return {
    tenant: parseTenant(row, config),
    deleteAfter: deleteAfter === null ? null : new Date(Number(deleteAfter)),
    isBeingDeleted: row['started'] === true,
    isDue: row['due'] === true
  }
}

/** Writes the status, and returns the tenant as it is then. */
export async function setStatus (tx: TransactionSql, config: TenancyConfig, id: TenantId, status: TenantStatus): Promise<Tenant> {
  const [row] = await tx.unsafe(`update ${TENANTS_TABLE} set status = $2 where id = $1 returning ${TENANT_COLUMNS}`, [id, status])
  return parseTenant(row, config)
}

/** Tells whether the tenant's tables are in the database of the registry, so that one transaction reaches both. */
export function isHome ({ server, database }: Tenant): boolean {
  return server === HOME.server && database === HOME.database
}
