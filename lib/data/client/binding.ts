import { currentContext } from '../../settings/context/index.ts'
import type { Enforcement } from '../../settings/enforcement/index.ts'
import { ContextMissingError, CrossTenantError } from '../../words/errors/index.ts'
import type { Tenant, TenantContext } from '../../words/types.ts'
import type { DriverQuery } from '../wire/index.ts'
import { isWrittenByAnother, writerOf } from './written-query.ts'

/**
 * Returns the context that a plain query runs in: written in it and awaited in it, by one tenant (rule 2, A-04). In
 * observe mode a difference is let through and the writer decides; without any context there is none.
 *
 * @throws {ContextMissingError} FST_TENANCY_CONTEXT_MISSING — written or awaited outside of every tenant context.
 * @throws {CrossTenantError} FST_TENANCY_CONTEXT_CROSS_TENANT — written, or in part written, by another tenant.
 */
export function contextOf (query: DriverQuery, enforcement: Enforcement): TenantContext | undefined {
  const active = currentContext()
  const writer = writerOf(query)
  // `forEach` is sent without being awaited, so who awaits is asked here too.
  if (active === undefined || writer === undefined) enforcement.refuse(new ContextMissingError())
  if (active !== undefined) assertWrittenBy(active.tenant, query, enforcement)
  return writer === undefined || writer.tenant.id === active?.tenant.id ? active : writer
}

/** Throws unless the answer to a plain query may be had here: by the tenant that wrote it. */
export function assertReader (query: DriverQuery, enforcement: Enforcement): void {
  const active = currentContext()
  const writer = writerOf(query)
  if (active?.tenant.id === writer?.tenant.id) return
  enforcement.refuse(active === undefined || writer === undefined ? new ContextMissingError() : new CrossTenantError())
}

/** Throws if any part of `query` was written by another tenant than `tenant`. */
export function assertWrittenBy (tenant: Tenant, query: DriverQuery, enforcement: Enforcement): void {
  if (isWrittenByAnother(query, tenant.id)) enforcement.refuse(new CrossTenantError())
}
