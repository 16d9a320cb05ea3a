import type { IsolationStrategyName, Tenant } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { inTransaction, withOwner } from '../../data/owner/index.ts'
import { fillingTables } from '../policies/index.ts'
import { provisionFilled } from '../provisioning/index.ts'
import { clearTables, copyTables, verifyTables } from './copy.ts'
import { requireEmpty } from './empty.ts'
import { enterTenant } from './enter.ts'
import { abandonPlace } from './remove.ts'
import { readSequences, setSequences } from './sequences.ts'
import { readShape } from './shape.ts'
import { matchTables } from './table-copy.ts'

/** A tenant that is to be a copy. One that exists has to be empty, and keeps what is not said here. */
export interface CloneRequest {
  readonly id: string
  /** For people. Default: the id. */
  readonly name?: string
  /** Default: that of the tenant which is copied. */
  readonly isolation?: IsolationStrategyName
  /** Default: the server of the tenant which is copied. */
  readonly server?: string
}

/**
 * Makes a tenant with the rows of another, as one snapshot has them: provisioned, filled in one transaction, compared by
 * counts and checksums, and only then served. The other goes on meanwhile. A failed clone leaves no tenant. One that is there and
 * has no row gets them in the same way, and a failure leaves it as it was.
 *
 * @throws {TransferNotEmptyError} FST_TENANCY_TRANSFER_NOT_EMPTY — there is such a tenant, with rows.
 * @throws {TenantExistsError} FST_TENANCY_TENANT_EXISTS — there is such a tenant, with another strategy or on another server than the request says.
 * @throws {TransferMismatchError} FST_TENANCY_TRANSFER_MISMATCH — the tables of the first are not what the migrations make.
 */
export async function cloneTenant (config: TenancyConfig, source: Tenant, request: CloneRequest): Promise<Tenant> {
  return await provisionFilled(config, request, {
    action: 'clone',
    defaults: { isolation: source.isolation, server: source.server },
    fill: (tenant, isNew) => fill(config, source, tenant, isNew),
    abandon: (tenant) => abandonPlace(config, tenant)
  })
}

async function fill (config: TenancyConfig, source: Tenant, target: Tenant, isNew: boolean): Promise<void> {
  const limits = { lock: config.timeouts.acquire }
  await withOwner(config, (there) => inTransaction(there, limits, async (from) => {
    await from.unsafe('set transaction isolation level repeatable read, read only')
    await enterTenant(from, source, config.extensionsSchema)
    await withOwner(config, (here) => inTransaction(here, limits, async (to) => {
      await enterTenant(to, target, config.extensionsSchema)
      const copies = matchTables(
        { tenant: source, tables: await readShape(from, source.schema) }, { tenant: target, tables: await readShape(to, target.schema) })
      await (isNew ? clearTables(to, copies) : requireEmpty(to, target, copies))
      await fillingTables(to, target, () => copyTables({ from, to }, copies, () => {}))
      await verifyTables({ from, to }, copies)
      await setSequences(to, target, await readSequences(from, source.schema))
    }), target)
  }), source)
}
