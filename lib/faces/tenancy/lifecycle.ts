import type { RegistryReader } from '../../data/registry/index.ts'
import type { TenantWatch } from '../../data/watch/index.ts'
import {
  type DeleteRequest, type Deletion, type DeletionResult, type DeletionWork, type LifecycleOptions,
  archiveTenant, deletePending, deleteTenant, renameTenant, restoreTenant, switchTenant
} from '../../operations/lifecycle/index.ts'
import { type SparesRequest, prepareSpares } from '../../operations/provisioning/index.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { OptionsInvalidError } from '../../words/errors/index.ts'
import { parseTenantId } from '../../words/names.ts'
import type { Tenant, TenantId } from '../../words/types.ts'

/** What an operator does to one tenant. Everything but `onTenantClosed` needs `ownerDatabase` and is written into the audit log. */
export interface TenancyLifecycle {
  /**
   * Makes schemas ahead, until `count` are ready, so that `provision` has a new tenant in milliseconds: it renames one. Those
   * made from other migrations are dropped; run it again after each deployment and now and then. Returns how many were made.
   *
   * @example
   * await app.tenancy.prepareSpares({ count: 10 })
   *
   * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — the isolation has no schema of a tenant's own here.
   * @throws {ProvisionFailedError} FST_TENANCY_PROVISION_FAILED — `cause` says why.
   */
  prepareSpares (request: SparesRequest): Promise<number>
  /**
   * Stops serving an active tenant, in every process at once. Its open transactions, reserved connections and cursors are
   * rolled back with `FST_TENANCY_LIFECYCLE_TENANT_CLOSED`; a plain statement that is on its way ends by itself.
   *
   * @example
   * await app.tenancy.suspend('acme', { actor: 'billing' })
   *
   * @throws {TenantTransitionError} FST_TENANCY_LIFECYCLE_TRANSITION — the message says what is possible from its status.
   * @throws {TenantUnknownError} FST_TENANCY_TENANT_UNKNOWN
   */
  suspend (tenantId: string, options?: LifecycleOptions): Promise<Tenant>
  /** Serves a suspended tenant again. Its listeners go on. */
  resume (tenantId: string, options?: LifecycleOptions): Promise<Tenant>
  /**
   * Stops serving a tenant and takes every right on its own schema from the application's role; the rows stay. Under `rls`
   * the tables are shared, so there its status in the registry is what holds.
   */
  archive (tenantId: string, options?: LifecycleOptions): Promise<Tenant>
  /** Gives an archived tenant its rights and the migrations that it has missed, and serves it again. It takes a deletion back that has not begun. */
  restore (tenantId: string, options?: LifecycleOptions): Promise<Tenant>
  /** Gives a tenant another display name. No data moves. */
  rename (tenantId: string, name: string, options?: LifecycleOptions): Promise<Tenant>
  /**
   * Archives a tenant at once and deletes it when its grace time is over: 30 days, if nothing else is said. Called again
   * after that time, or with `force`, it deletes everything, in transactions that fit into the lock table; interrupted, it
   * goes on when it is called again. The id is never given out again, and a proof stays in `zakops_tenancy.deletions`.
   *
   * @example
   * await app.tenancy.deleteTenant('acme', { graceMs: 7 * 86_400_000, actor: 'support' })
   *
   * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID, {@link TenantUnknownError} FST_TENANCY_TENANT_UNKNOWN
   * @throws {MoveUnfinishedError} FST_TENANCY_MOVE_UNFINISHED — confirm or undo its move first.
   * @throws {LifecycleFailedError} FST_TENANCY_LIFECYCLE_FAILED — it is not finished; `cause` says why.
   */
  deleteTenant (tenantId: string, request?: DeleteRequest): Promise<Deletion>
  /** Deletes every tenant whose grace time is over. One that fails is reported, and the others go on. */
  deletePending (work?: DeletionWork): Promise<readonly DeletionResult[]>
  /**
   * Calls `fn` once, when this tenant stops being served: suspended, archived or deleted by whichever process. For what this
   * package cannot close by itself, such as web sockets. Returns what takes it back; call that when the socket has closed.
   *
   * @example
   * const stop = app.tenancy.onTenantClosed('acme', () => { socket.emit('end') })
   * socket.on('close', stop)
   */
  onTenantClosed (tenantId: string, fn: () => unknown): () => void
}

interface LifecycleParts {
  readonly config: TenancyConfig
  readonly reader: RegistryReader
  readonly watch: TenantWatch
}

/** Returns the lifecycle. This process feels its own changes at once, also where it cannot listen. */
export function createLifecycle ({ config, reader, watch }: LifecycleParts): TenancyLifecycle {
  async function change<T> (tenantId: string, fn: (id: TenantId) => Promise<T>): Promise<T> {
    const id = parseTenantId(tenantId)
    try {
      return await fn(id)
    } finally {
      reader.forget(id)
      await watch.look()
    }
  }
  return {
    prepareSpares: async (request) => await prepareSpares(config, request),
    suspend: async (tenantId, options = {}) => await change(tenantId, (id) => switchTenant(config, id, 'suspend', options)),
    resume: async (tenantId, options = {}) => await change(tenantId, (id) => switchTenant(config, id, 'resume', options)),
    archive: async (tenantId, options = {}) => await change(tenantId, (id) => archiveTenant(config, id, options)),
    restore: async (tenantId, options = {}) => await change(tenantId, (id) => restoreTenant(config, id, options)),
    rename: async (tenantId, name, options = {}) => await change(tenantId, (id) => renameTenant(config, id, name, options)),
    deleteTenant: async (tenantId, request = {}) => await change(tenantId, (id) => deleteTenant(config, id, request)),
    deletePending: async (work = {}) => await deletePending(config, work),
    onTenantClosed (tenantId, fn) {
      if (typeof fn !== 'function') throw new OptionsInvalidError('- onTenantClosed(id, fn) needs a function.')
      return watch.onClosed(parseTenantId(tenantId), fn)
    }
  }
}
