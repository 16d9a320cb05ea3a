import type { Tenant, TenantId } from '../../words/types.ts'
import { OptionsInvalidError } from '../../words/errors/index.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { noteAction } from '../../data/owner/index.ts'
import { TENANTS_TABLE, TENANT_COLUMNS, parseTenant } from '../../data/registry/index.ts'
import { type LifecycleOptions, changeTenant, setStatus } from './job.ts'
import { targetOf, wrongTransition } from './transitions.ts'

const MAX_NAME_LENGTH = 200

/**
 * Suspends a tenant or serves it again. Nothing of its data is touched.
 *
 * The SQL sent: begin; …lock; update zakops_tenancy.tenants set status = …; insert into zakops_tenancy.audit_log …; commit
 *
 * @throws {TenantUnknownError} FST_TENANCY_TENANT_UNKNOWN — there is no such tenant.
 * @throws {TenantTransitionError} FST_TENANCY_LIFECYCLE_TRANSITION — from its status this is not possible.
 */
export async function switchTenant (config: TenancyConfig, id: TenantId, transition: 'suspend' | 'resume', { actor }: LifecycleOptions): Promise<Tenant> {
  return changeTenant(config, id, async (tx, { tenant }) => {
    const status = targetOf(tenant, transition)
    if (tenant.status === status) return tenant
    await noteAction(tx, { action: transition, tenantId: id, actor, details: { from: tenant.status } })
    return setStatus(tx, config, id, status)
  })
}

/**
 * Gives a tenant another display name. Names find nothing, so no data moves.
 *
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — the name is no text of 1 to 200 characters.
 * @throws {TenantUnknownError} FST_TENANCY_TENANT_UNKNOWN — there is no such tenant.
 * @throws {TenantTransitionError} FST_TENANCY_LIFECYCLE_TRANSITION — it was deleted.
 */
export async function renameTenant (config: TenancyConfig, id: TenantId, name: string, { actor }: LifecycleOptions): Promise<Tenant> {
  if (typeof name !== 'string' || name === '' || name.length > MAX_NAME_LENGTH || name.includes('\0')) {
    throw new OptionsInvalidError(`- name must be a text of 1 to ${MAX_NAME_LENGTH} characters.`)
  }
  return changeTenant(config, id, async (tx, { tenant }) => {
    if (tenant.status === 'deleted') throw wrongTransition(tenant.status, 'rename')
    if (tenant.name === name) return tenant
    await noteAction(tx, { action: 'rename', tenantId: id, actor })
    const [row] = await tx.unsafe(`update ${TENANTS_TABLE} set name = $2 where id = $1 returning ${TENANT_COLUMNS}`, [id, name])
    return parseTenant(row, config)
  })
}
