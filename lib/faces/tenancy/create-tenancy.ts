import { type TenancyOptions, resolveConfig } from '../../settings/config/index.ts'
import { openTenancy } from './open-tenancy.ts'
import type { Tenancy } from './tenancy.ts'

/**
 * Connects and returns a {@link Tenancy} without Fastify, for workers, scripts and tests.
 *
 * It is the same object as `app.tenancy`: every statement of its `sql` belongs to the tenant in whose
 * `runWithTenant` it was written. Close it when the work is done.
 *
 * @example
 * import { createTenancy } from 'zakops-tenancy'
 *
 * const tenancy = await createTenancy({ mode: 'multi', database: process.env.DATABASE_URL })
 * await tenancy.runWithTenant('acme', async () => {
 *   const deals = await tenancy.sql`select * from deals`
 * })
 * await tenancy.close()
 *
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — the message lists every problem.
 * @throws {DatabaseUnreachableError} FST_TENANCY_DATABASE_UNREACHABLE
 * @throws {RoleUnsafeError} FST_TENANCY_ROLE_UNSAFE — in multi mode, if the role can see past the isolation.
 * @throws {InstanceMismatchError} FST_TENANCY_INSTANCE_MISMATCH — in single mode, the database is another TENANT_ID's.
 */
export async function createTenancy (options: TenancyOptions = {}): Promise<Tenancy> {
  return (await openTenancy(resolveConfig(options, process.env))).tenancy
}
