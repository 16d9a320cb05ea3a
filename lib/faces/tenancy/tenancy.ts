import type { Sql } from 'postgres'
import type { MigrationReport } from '../../operations/migrations/index.ts'
import type { ProvisionRequest } from '../../operations/provisioning/index.ts'
import type { LaneStats } from '../../data/lanes/index.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import type { Enforcement } from '../../settings/enforcement/index.ts'
import type { Finding, Tenant, TenantId, TenantStatus } from '../../words/types.ts'

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
  readonly lanes: LaneStats
  /** Refusals that observe mode let through. */
  readonly observed: number
}

/** What `app.tenancy` is, and what `createTenancy` returns. */
export interface Tenancy {
  /** The tenant client, the same as `app.sql`. */
  readonly sql: Sql
  readonly registry: TenantRegistry
  runWithTenant<T> (tenantId: string, fn: () => T | PromiseLike<T>): Promise<T>
  runWithoutTenant<T> (reason: string, fn: () => T | PromiseLike<T>): Promise<T>
  provision (request: ProvisionRequest): Promise<Tenant>
  migrate (): Promise<MigrationReport>
  audit (): Promise<readonly Finding[]>
  stats (): Promise<TenancyStats>
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
  /** Runs `fn` in the current tenant's context as one transaction that every statement of the tenant client joins. */
  runTransaction<T> (mode: { readonly readOnly: boolean }, fn: () => Promise<T>): Promise<T>
}
