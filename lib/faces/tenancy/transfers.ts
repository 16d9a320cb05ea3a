import { type CloneRequest, type ExportReport, type ExportTarget, type ImportRequest, cloneTenant, exportTenant, importTenant } from '../../operations/transfer/index.ts'
import { replaceTenant } from '../../operations/lifecycle/index.ts'
import { createOwnerRegistry } from '../../data/registry/index.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { OptionsInvalidError, TenantUnknownError, TransferFailedError } from '../../words/errors/index.ts'
import { isOwnError } from '../../words/own-error.ts'
import { parseTenantId } from '../../words/names.ts'
import type { Tenant, TenantId } from '../../words/types.ts'

/** All rows of one tenant, as a file or as another tenant. Needs `ownerDatabase`. */
export interface TenantTransfers {
  /**
   * Writes all rows of a tenant, as one snapshot has them, into one compressed file that describes itself, or into a stream.
   * A file that exists is not written over.
   *
   * @example
   * await tenancy.exportTenant('acme', { to: 'acme.export.gz' })
   *
   * @throws {ExportFileError} FST_TENANCY_TRANSFER_FILE_UNUSABLE — the file exists, or its folder does not.
   * @throws {TransferFailedError} FST_TENANCY_TRANSFER_FAILED — `cause` says why; there is no file then, and what a stream got so far is refused by `importTenant`.
   */
  exportTenant (tenantId: string, request: { readonly to: ExportTarget }): Promise<ExportReport>
  /**
   * Makes a tenant of an export, here or in another deployment, under its own id or another one, with any strategy. The
   * rows are compared with the counts and checksums of the file before anything is committed, and a failure leaves no tenant.
   *
   * A tenant that exists and has no row in any table gets them as it is, served or suspended, with the strategy and the server that it has.
   * With `replace`, they go into an archived tenant, in place of its own; a failure leaves those. `restore` serves it.
   *
   * @example
   * await tenancy.importTenant({ from: 'acme.export.gz', id: 'acme-copy', isolation: 'rls' })
   *
   * @throws {ExportUnusableError} FST_TENANCY_TRANSFER_EXPORT_UNUSABLE — the file was cut off or altered.
   * @throws {TransferMismatchError} FST_TENANCY_TRANSFER_MISMATCH — the migrations here are not those of the export.
   * @throws {TransferNotEmptyError} FST_TENANCY_TRANSFER_NOT_EMPTY — there is such a tenant, with rows.
   * @throws {TenantExistsError} FST_TENANCY_TENANT_EXISTS — there is such a tenant, with another strategy or on another server.
   */
  importTenant (request: ImportRequest): Promise<Tenant>
  /**
   * Makes a tenant with the rows of another, as one snapshot has them. A failure leaves no tenant. One that exists and has no row
   * in any table gets them as it is.
   *
   * @example
   * await tenancy.cloneTenant('acme', { id: 'acme-rehearsal' })
   *
   * @throws {TransferNotEmptyError} FST_TENANCY_TRANSFER_NOT_EMPTY — there is such a tenant, with rows.
   * @throws {TenantExistsError} FST_TENANCY_TENANT_EXISTS — there is such a tenant, with another strategy or on another server.
   */
  cloneTenant (tenantId: string, request: CloneRequest): Promise<Tenant>
}

/** Returns the transfers of a tenancy; `forget` is called for a tenant that is new. */
export function createTransfers ({ config, forget }: { readonly config: TenancyConfig, readonly forget: (tenantId: TenantId) => void }): TenantTransfers {
  const find = async (text: string): Promise<Tenant> => {
    const id = parseTenantId(text)
    const tenant = (await createOwnerRegistry(config).list()).find((each) => each.id === id)
    if (tenant === undefined || tenant.status === 'deleted') throw new TenantUnknownError()
    return tenant
  }
  const made = async (fn: () => Promise<Tenant>): Promise<Tenant> => {
    const tenant = await failing(fn)
    forget(tenant.id)
    return tenant
  }
  return {
    exportTenant: async (text, request) => {
      requireObject(request, 'exportTenant(id, { to: "file" })')
      return await failing(async () => await exportTenant(config, await find(text), request.to))
    },
    importTenant: async (request) => {
      requireObject(request, 'importTenant({ from: "file" })')
      return await made(() => request.replace === true ? replaceTenant(config, request) : importTenant(config, request))
    },
    cloneTenant: async (text, request) => {
      requireObject(request, 'cloneTenant(id, { id: "new-id" })')
      return await made(async () => await cloneTenant(config, await find(text), request))
    }
  }
}

function requireObject (request: unknown, call: string): void {
  if (typeof request !== 'object' || request === null) throw new OptionsInvalidError(`- write ${call}.`)
}

async function failing<T> (fn: () => Promise<T>): Promise<T> {
  try {
    return await fn()
  } catch (cause) {
    throw isOwnError(cause) ? cause : new TransferFailedError({ cause })
  }
}
