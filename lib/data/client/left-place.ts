import { SchemaMissingError, TenantMovedError } from '../../words/errors/index.ts'
import type { Tenant, TenantId } from '../../words/types.ts'
import { strategyOf } from '../isolation/index.ts'
import { isServerError } from '../lanes/index.ts'

/** What the client asks of the registry when a statement failed. */
export interface Whereabouts {
  /** Makes the next look at this tenant ask the registry. */
  forget (tenantId: TenantId): void
  /** Returns the tenant as the registry has it. */
  find (tenantId: TenantId): Promise<Tenant>
}

/** What the server says of tables, schemas, functions and types where the role may not look into the schema any more. */
const NOTHING_THERE = new Set(['42P01', '42501', '3F000', '42883', '42704'])

/**
 * Returns what a caller gets to see for the error of a tenant's statement, where that is not the error itself: the tenant
 * may have moved away from the place that the statement went to. The fence of a move says so for writes; a place that was
 * the tenant's alone is closed, and there the registry is asked. Either way the next context of the tenant is at the new place.
 */
export function explainError (whereabouts: Whereabouts, tenant: Tenant | undefined, error: unknown): Promise<unknown> | undefined {
  if (tenant === undefined) return undefined
  if (error instanceof TenantMovedError) whereabouts.forget(tenant.id)
  if (!mayBeClosed(error) || !strategyOf(tenant.isolation).hasOwnSchema) return undefined
  return hasLeft(whereabouts, tenant).then((isGone) => isGone ? new TenantMovedError({ cause: error }) : error)
}

function mayBeClosed (error: unknown): boolean {
  return error instanceof SchemaMissingError || (isServerError(error) && NOTHING_THERE.has(error.code))
}

/** A registry that does not answer leaves the error as it is. */
async function hasLeft (whereabouts: Whereabouts, tenant: Tenant): Promise<boolean> {
  whereabouts.forget(tenant.id)
  const now = await whereabouts.find(tenant.id).catch(() => tenant)
  return now.schema !== tenant.schema || now.server !== tenant.server || now.database !== tenant.database
}
