import type { TransactionSql } from 'postgres'
import type { TenantSql } from '../../data/client/index.ts'
import type { ProvisionRequest } from '../../operations/provisioning/index.ts'
import type { LaneStats } from '../../data/lanes/index.ts'
import type { PlaceStats } from '../../data/places/index.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import type { Enforcement } from '../../settings/enforcement/index.ts'
import type { Finding, Tenant, TenantId, TenantStatus } from '../../words/types.ts'
import type { TenancyAcross } from './across.ts'
import type { TenancyAdoption } from './adoptions.ts'
import type { TenancyLifecycle } from './lifecycle.ts'
import type { FleetOperations } from './fleet.ts'
import type { TenantMoves } from './moves.ts'
import type { TenancySigning } from './signing.ts'
import type { TenantTransfers } from './transfers.ts'

/** The tenants that exist. */
export interface TenantRegistry {
  /**
   * Returns the tenant with this id.
   * @throws {TenantUnknownError} FST_TENANCY_TENANT_UNKNOWN — there is none.
   */
  get (tenantId: string): Promise<Tenant>
  /** Returns every tenant, in the order of their ids. Needs `ownerDatabase`. */
  list (): Promise<readonly Tenant[]>
  /** Sets a tenant's status and returns the tenant as it is then. Needs `ownerDatabase`. */
  setStatus (tenantId: string, status: TenantStatus): Promise<Tenant>
}

/** What the tenancy did so far, and what it holds now. */
export interface TenancyStats {
  /** Of the database with the registry. */
  readonly lanes: LaneStats
  /** All databases together. */
  readonly places: PlaceStats
  /** Refusals that observe mode let through. */
  readonly observed: number
}

/** What `runWithoutTenant` may do, and for whom. */
export interface WithoutTenantOptions {
  /** Lets `sql` change rows. Default: `false`. */
  readonly write?: boolean
  /** Who asks for it, for the audit log. */
  readonly actor?: string
}

/** What `app.tenancy` is, and what `createTenancy` returns. */
export interface Tenancy extends TenancyLifecycle, TenancyAcross, FleetOperations, TenantMoves, TenantTransfers, TenancyAdoption {
  /** The tenant client, the same as `app.sql`. */
  readonly sql: TenantSql
  /** The tenants that exist: look them up, list them, suspend them. */
  readonly registry: TenantRegistry
  /**
   * Runs `fn` with this tenant as the tenant context, and returns what it returns.
   *
   * Every statement written in `fn`, and in whatever `fn` awaits, belongs to the tenant. `fn` is called at once where the
   * registry's answer is at hand, and else when it is there. Inside the tenant's own context
   * nothing changes; inside another tenant's it is refused.
   *
   * @example
   * await tenancy.runWithTenant('acme', async () => {
   *   await tenancy.sql`delete from user_sessions where created_at < now() - interval '30 days'`
   * })
   *
   * @throws {TenantDeniedError} FST_TENANCY_TENANT_DENIED — unknown or not active; `cause` says which.
   * @throws {CrossTenantError} FST_TENANCY_CONTEXT_CROSS_TENANT — another tenant's context is active.
   * @throws {TenantIdInvalidError} FST_TENANCY_TENANT_ID_INVALID
   */
  runWithTenant<T> (tenantId: string, fn: () => T | PromiseLike<T>): Promise<T>
  /**
   * Runs `fn` outside of every tenant context, and logs the reason as a warning. Statements of the tenant client are refused
   * inside, and `runWithTenant` is allowed.
   *
   * With the option `operatorDatabase`, the reason is written into the audit log and committed before `fn` is called, and if that
   * fails `fn` is not. A `fn` that takes an argument gets a transaction of the operator's role, on a connection of its own:
   * it sees the rows of all tenants, names tables with their schema, and changes none unless `write` is true. Without that
   * option there are no rights: the argument refuses every statement.
   *
   * @example
   * const total = await tenancy.runWithoutTenant('invoices', (sql) => sql`select tenant_id, count(*) from shared.deals group by 1`)
   *
   * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — there is no reason.
   * @throws {OperatorMissingError} FST_TENANCY_OPERATOR_MISSING — `sql` was used and there is no `operatorDatabase`.
   * @throws {AuditFailedError} FST_TENANCY_OPERATOR_AUDIT_FAILED — the log could not be written; `fn` was not called.
   */
  runWithoutTenant<T> (reason: string, fn: (sql: TransactionSql) => T | PromiseLike<T>, options?: WithoutTenantOptions): Promise<T>
  /**
   * Makes a tenant: schema, migrations, policies, grants and registry row, in one transaction. Run again, it brings them up
   * to date. Needs `ownerDatabase`. A failure leaves nothing behind.
   *
   * @example
   * await tenancy.provision({ id: 'acme', name: 'Acme Corporation' })
   *
   * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — lists every problem with the request.
   * @throws {NotSetUpError} FST_TENANCY_PROVISION_NOT_SET_UP — `setUpDatabase` has not run.
   * @throws {OwnerWrongError} FST_TENANCY_PROVISION_OWNER_WRONG — `ownerDatabase` is not the owner's.
   * @throws {TenantExistsError} FST_TENANCY_TENANT_EXISTS — with another isolation strategy.
   * @throws {TenantLetterCaseError} FST_TENANCY_TENANT_LETTER_CASE — another id differs only in letter case.
   * @throws {MigrationFailedError} FST_TENANCY_MIGRATION_FAILED, and its siblings — the file is named.
   * @throws {ProvisionFailedError} FST_TENANCY_PROVISION_FAILED — anything else; `cause` says what.
   */
  provision (request: ProvisionRequest): Promise<Tenant>
  /** The keys that sign the tenant context: add them, require them, retire them. */
  readonly signing: TenancySigning
  /**
   * Looks at every database of the settings as the application's role, and tells each way in which one tenant could see or
   * change another's rows, with the SQL that repairs it. Policies are tried, not read, in transactions that read only and are
   * rolled back. The fatal part runs at every start. With `ownerDatabase` it also knows tenants that have a database of their own.
   *
   * @example
   * const findings = await app.tenancy.audit()
   * for (const { severity, object, message, repair } of findings) console.log(severity, object, message, repair)
   */
  audit (): Promise<readonly Finding[]>
  /** Tells what the connections are doing, and how many refusals observe mode let through. */
  stats (): Promise<TenancyStats>
  /** Waits for running transactions, `timeouts.acquire` at most, and closes every connection. */
  close (): Promise<void>
}

/** What the faces need beyond the public object: how a request becomes a tenant, and how a route becomes a transaction. */
export interface OpenTenancy {
  readonly tenancy: Tenancy
  readonly config: TenancyConfig
  readonly enforcement: Enforcement
  /**
   * Returns the tenant to serve: the fixed one in single mode, else the registry's.
   * @throws {TenantDeniedError} FST_TENANCY_TENANT_DENIED — unknown or not active (`cause` says which). In observe mode
   * an inactive tenant is returned, logged and counted; an unknown one still throws.
   * @throws {RegistryUnavailableError} FST_TENANCY_REGISTRY_UNAVAILABLE
   */
  admit (tenantId: TenantId): Promise<Tenant>
  /**
   * Returns what `admit` would, where that is known without waiting and nothing has to be refused or noted down.
   * Undefined decides nothing: ask `admit`.
   */
  recall (tenantId: TenantId): Tenant | undefined
  /** Returns what is known of a tenant without asking, whatever its status. */
  peek (tenantId: TenantId): Tenant | undefined
  /** Writes refused requests, a JSON array, into the table that `zakops-tenancy why` reads. */
  noteRefusals (records: string): Promise<void>
  /** Runs `fn` in the current tenant's context as one transaction that every statement of the tenant client joins. */
  runTransaction<T> (mode: { readonly readOnly: boolean }, fn: () => Promise<T>): Promise<T>
}
