import type { Sql } from 'postgres'
import type { MigrationReport } from '../../operations/migrations/index.ts'
import type { ProvisionRequest } from '../../operations/provisioning/index.ts'
import type { LaneStats } from '../../data/lanes/index.ts'
import type { Finding, Tenant, TenantStatus } from '../../words/types.ts'

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
