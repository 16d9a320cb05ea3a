import { OptionsInvalidError, TenantExistsError } from '../../words/errors/index.ts'
import { parseTenantId } from '../../words/names.ts'
import type { Tenant } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { noteAction } from '../../data/owner/index.ts'
import { type ImportRequest, clearTables, loadExport, withExport } from '../transfer/index.ts'
import { changeTenant } from './job.ts'

/**
 * Puts the rows of an export into an archived tenant, in place of those that it has: they are compared with the counts and
 * checksums of the file before anything is committed, and a failure leaves what was there. The tenant stays archived.
 *
 * Nobody restores, moves or deletes it meanwhile: the row of the registry is locked until the end.
 *
 * @throws {TenantExistsError} FST_TENANCY_TENANT_EXISTS — it is not archived.
 * @throws {TenantUnknownError} FST_TENANCY_TENANT_UNKNOWN — there is none to replace.
 * @throws {ExportUnusableError} FST_TENANCY_TRANSFER_EXPORT_UNUSABLE, {@link TransferMismatchError} FST_TENANCY_TRANSFER_MISMATCH
 */
export async function replaceTenant (config: TenancyConfig, { from, id: wished, name, isolation, server }: ImportRequest): Promise<Tenant> {
  if (name !== undefined || isolation !== undefined || server !== undefined) {
    throw new OptionsInvalidError('- replace puts rows into a tenant as it is: leave name, isolation and server out.')
  }
  return await withExport(from, async (header, lines) => {
    const id = parseTenantId(wished ?? header.tenant.id)
    return await changeTenant(config, id, async (tx, { tenant, isBeingDeleted }) => {
      if (tenant.status !== 'archived' || isBeingDeleted) throw new TenantExistsError()
      await noteAction(tx, { action: 'import.replace', tenantId: id, details: { of: header.tenant.id } })
      await loadExport(config, tenant, { header, lines, prepare: clearTables })
      return tenant
    })
  })
}
