import type { RegistryReader } from '../../data/registry/index.ts'
import { type DriftOptions, type DriftReport, findDrift } from '../../operations/drift/index.ts'
import { type MigrateOptions, type MigrationReport, type TenantMigrationStatus, migrateTenants, readMigrationStatus } from '../../operations/fleet/index.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'

/** What is done with all tenants. */
export interface FleetOperations {
  /**
   * Brings the migrations, policies and grants of every tenant up to date, each schema in a transaction of its own: canaries
   * first, then the small ones, a few at a time. Needs `ownerDatabase`. It does not throw for a tenant that fails: look at the
   * report. What was killed or failed goes on with `resume`.
   *
   * @example
   * const { failed, runId } = await tenancy.migrate({ onProgress: ({ done, total }) => { console.log(`${done} of ${total}`) } })
   * if (failed > 0) await tenancy.migrate({ resume: runId })
   *
   * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — lists every problem with the options.
   * @throws {MigrationRefusedError} FST_TENANCY_MIGRATION_REFUSED — a file cannot be used; no tenant was touched.
   * @throws {MigrationChangedError} FST_TENANCY_MIGRATION_CHANGED — a file that tenants have had is another now, or gone; no tenant was touched.
   * @throws {MigrationRunUnknownError} FST_TENANCY_MIGRATION_RUN_UNKNOWN — there is no run to resume.
   * @throws {MigrationRunBusyError} FST_TENANCY_MIGRATION_RUN_BUSY — its process is still at it.
   * @throws {NotSetUpError} FST_TENANCY_PROVISION_NOT_SET_UP, and the other errors of the owner's connection.
   */
  migrate (options?: MigrateOptions): Promise<MigrationReport>
  /** Tells for each tenant which migration it has, how many it lacks, and what the last run made of it. Needs `ownerDatabase`. */
  migrationStatus (): Promise<readonly TenantMigrationStatus[]>
  /**
   * Compares what each tenant's schema holds with a fresh one made from the migrations, or with a tenant's that is as it should
   * be, and returns the differences with SQL that repairs them. Changes nothing. Needs `ownerDatabase`.
   *
   * @example
   * const { differences, script } = await tenancy.drift()
   * for (const { tenantId, object, kind } of differences) console.log(`${tenantId}: ${object} is ${kind}`)
   * console.log(script)
   *
   * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — there is neither a reference nor a folder of migrations.
   * @throws {TenantUnknownError} FST_TENANCY_TENANT_UNKNOWN — an option names a tenant that is not there.
   */
  drift (options?: DriftOptions): Promise<DriftReport>
}

/** Returns the operations on all tenants. */
export function createFleet (config: TenancyConfig, reader: RegistryReader): FleetOperations {
  return {
    migrate: async (options) => {
      const report = await migrateTenants(config, options)
      for (const { tenantId } of report.results) reader.forget(tenantId)
      return report
    },
    migrationStatus: async () => await readMigrationStatus(config),
    drift: async (options) => await findDrift(config, options)
  }
}
