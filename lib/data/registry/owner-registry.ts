import type { TransactionSql } from 'postgres'
import { OptionsInvalidError, RegistryUnavailableError, TenantTransitionError, TenantUnknownError } from '../../words/errors/index.ts'
import type { Tenant, TenantId, TenantStatus } from '../../words/types.ts'
import type { Naming } from '../isolation/index.ts'
import { type OwnerConfig, inTransaction, noteAction, withOwner } from '../owner/index.ts'
import { TENANTS_TABLE, TENANT_COLUMNS, parseTenant } from './row.ts'

/** The part of the settings that the owner's view of the registry needs. */
export type OwnerRegistryConfig = OwnerConfig & Naming

/** The registry, as the owner sees it: all of it. */
export interface OwnerRegistry {
  /** Returns every tenant, in the order of their ids. */
  list (): Promise<readonly Tenant[]>
  /**
   * Sets a tenant's status and returns the tenant as it is then.
   *
   * @throws {TenantUnknownError} FST_TENANCY_TENANT_UNKNOWN — there is no such tenant.
   * @throws {TenantTransitionError} FST_TENANCY_LIFECYCLE_TRANSITION — it is archived or deleted.
   */
  setStatus (tenantId: TenantId, status: TenantStatus): Promise<Tenant>
}

const STATUSES: ReadonlySet<string> = new Set<TenantStatus>(['provisioning', 'active', 'suspended'])

/**
 * Returns the registry as the owner sees it. Every call opens a connection of its own and closes it.
 *
 * Calls throw {@link OwnerMissingError}, {@link OwnerWrongError}, {@link NotSetUpError},
 * {@link DatabaseUnreachableError} or, with `cause`, {@link RegistryUnavailableError}.
 */
export function createOwnerRegistry (config: OwnerRegistryConfig): OwnerRegistry {
  return {
    list: () => asked(config, (tx) => listTenants(tx, config)),
    async setStatus (tenantId, status) {
      if (!STATUSES.has(status)) throw new OptionsInvalidError('- status must be "active", "suspended" or "provisioning".')
      const [row] = await asked(config, (tx) => changeStatus(tx, tenantId, status))
      if (row === undefined) throw new TenantUnknownError()
      return believed(row, config)
    }
  }
}

/** A tenant that is archived or deleted is not served by a change of its status: it has no rights, or nothing at all. */
async function changeStatus (tx: TransactionSql, tenantId: TenantId, status: TenantStatus): Promise<readonly unknown[]> {
  const [before] = await tx.unsafe(`select status from ${TENANTS_TABLE} where id = $1 for update`, [tenantId])
  const from = String(before?.['status'])
  if (from === 'archived' || from === 'deleted') throw new TenantTransitionError(from, `setStatus "${status}"`, from === 'archived' ? 'restore, delete' : 'nothing, it is gone')
  if (before !== undefined && from !== status) await noteAction(tx, { action: 'setStatus', tenantId, details: { from, to: status } })
  return tx.unsafe(`update ${TENANTS_TABLE} set status = $2 where id = $1 returning ${TENANT_COLUMNS}`, [tenantId, status])
}

/** Returns every tenant, within a transaction of the owner. */
export async function listTenants (tx: TransactionSql, config: Naming): Promise<readonly Tenant[]> {
  const rows = await tx.unsafe(`select ${TENANT_COLUMNS} from ${TENANTS_TABLE} order by id collate "C"`)
  return rows.map((row) => believed(row, config))
}

/** Neither waits nor works for ever: a provisioning may hold the row. */
async function asked<T> (config: OwnerRegistryConfig, fn: (tx: TransactionSql) => Promise<T>): Promise<T> {
  const limits = { lock: config.timeouts.acquire, statement: config.timeouts.statement }
  return withOwner(config, async (sql) => {
    try {
      return await inTransaction(sql, limits, fn)
    } catch (cause) {
      throw cause instanceof RegistryUnavailableError || cause instanceof TenantTransitionError ? cause : new RegistryUnavailableError({ cause })
    }
  })
}

function believed (row: unknown, config: Naming): Tenant {
  try {
    return parseTenant(row, config)
  } catch (cause) {
    throw new RegistryUnavailableError({ cause })
  }
}
