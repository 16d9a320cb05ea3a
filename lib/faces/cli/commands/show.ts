import { TenantUnknownError } from '../../../words/errors/index.ts'
import type { CommandSpec } from '../command.ts'
import { TENANT, tenantRow } from '../tenants.ts'

export const show: CommandSpec = {
  name: 'show',
  description: 'Show one tenant, and how far its migrations are.',
  arguments: [TENANT],
  run: async ({ values, withTenancy }) => {
    const id = values.required('tenant')
    return await withTenancy(async (tenancy) => {
      // The owner's list has every status; what serves requests forgets some.
      const tenant = (await tenancy.registry.list()).find((each) => each.id === id)
      if (tenant === undefined) throw new TenantUnknownError()
      const status = (await tenancy.migrationStatus()).find(({ tenantId }) => tenantId === id)
      const json = { ...tenant, pending: status?.pending ?? null, lastRun: status?.lastRun ?? null }
      const facts = { ...tenantRow(tenant), schema: tenant.schema, database: tenant.database ?? '', pending: status?.pending ?? '' }
      return { json, rows: Object.entries(facts).map(([what, value]) => ({ what, value })) }
    })
  }
}
