import type { TenantClient } from '../../data/client/index.ts'
import { catalogSettings } from '../../data/isolation/index.ts'
import { isServerError } from '../../data/lanes/index.ts'
import type { TenantPlace } from '../../data/places/index.ts'
import { CHECKED_TENANT_SQL } from '../../operations/roles/index.ts'
import { ContextRefusedError, SigningNotReadyError } from '../../words/errors/index.ts'
import type { TenantId } from '../../words/types.ts'

/** The function is not there, or the role may not call it. */
const NOTHING_THERE = new Set(['42883', '3F000', '42501'])

/**
 * Has a database check what this process signs, before anybody is served there: keys that it does not know and clocks that
 * differ would be an error of every statement.
 *
 * @throws {ContextRefusedError} FST_TENANCY_SIGNING_REFUSED — it does not take it; `cause` says why.
 * @throws {SigningNotReadyError} FST_TENANCY_SIGNING_NOT_READY — it was not prepared for it.
 */
export async function proveSigning (client: TenantClient, tenantId: TenantId, place: TenantPlace): Promise<void> {
  const rows = await client.query(catalogSettings(tenantId), `select ${CHECKED_TENANT_SQL} as tenant`, [], place).catch((error: unknown) => {
    throw isServerError(error) && NOTHING_THERE.has(error.code) ? new SigningNotReadyError({ cause: error }) : error
  })
  if (rows[0]?.['tenant'] !== tenantId) throw new ContextRefusedError()
}
