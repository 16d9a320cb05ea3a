import { type MoveReport, type MoveRequest, confirmTenantMove, moveTenant, undoMove } from '../../operations/moves/index.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { parseTenantId } from '../../words/names.ts'
import type { TenantId } from '../../words/types.ts'

/** Tenants that go to another place. Needs `ownerDatabase` at both places. */
export interface TenantMoves {
  /**
   * Takes a tenant with its data to another isolation strategy or server while it is served. What it leaves is kept until
   * `moveConfirm`. Without `to`, a move that was interrupted goes on.
   *
   * The tenant's writes wait once, for `pauseMs` of the report; those that waited are refused with
   * FST_TENANCY_MOVE_TENANT_MOVED (503) and can be sent again. Reads and other tenants do not wait. Rows are compared by
   * counts and checksums before anything is switched.
   *
   * @example
   * const { pauseMs } = await tenancy.move('acme', { to: { isolation: 'schema+rls', server: 'second' } })
   * await tenancy.moveConfirm('acme')
   *
   * @throws {MoveRefusedError} FST_TENANCY_MOVE_REFUSED — it cannot be moved like that; nothing was changed.
   * @throws {TransferMismatchError} FST_TENANCY_TRANSFER_MISMATCH — its tables are not what the migrations make.
   * @throws {TransferUnverifiedError} FST_TENANCY_TRANSFER_UNVERIFIED — the copy is not the same; it is not used.
   * @throws {MoveBusyError} FST_TENANCY_MOVE_BUSY — its transactions stay open for too long.
   * @throws {MoveInterruptedError} FST_TENANCY_MOVE_INTERRUPTED — anything else; call it again to go on, or `moveUndo`.
   */
  move (tenantId: string, request?: MoveRequest): Promise<MoveReport>
  /**
   * Removes what a tenant has left, for good, once no process can believe any more that it is there.
   *
   * @throws {MoveRefusedError} FST_TENANCY_MOVE_REFUSED — it has no move that has switched.
   */
  moveConfirm (tenantId: string): Promise<MoveReport>
  /**
   * Undoes a move: before the switch, what it made is removed; after it, the tenant is moved back with all its rows.
   *
   * @throws {MoveRefusedError} FST_TENANCY_MOVE_REFUSED — it has no move.
   */
  moveUndo (tenantId: string): Promise<MoveReport>
}

/** Returns the moves of a tenancy; `forget` is called when a tenant may be elsewhere. */
export function createMoves ({ config, forget }: { readonly config: TenancyConfig, readonly forget: (tenantId: TenantId) => void }): TenantMoves {
  const run = async (text: string, fn: (id: TenantId) => Promise<MoveReport>): Promise<MoveReport> => {
    const id = parseTenantId(text)
    return await fn(id).finally(() => forget(id))
  }
  return {
    move: (text, request = {}) => run(text, (id) => moveTenant(config, id, request)),
    moveConfirm: (text) => run(text, (id) => confirmTenantMove(config, id)),
    moveUndo: (text) => run(text, (id) => undoMove(config, id))
  }
}
