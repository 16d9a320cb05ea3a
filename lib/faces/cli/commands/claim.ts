import { claimInstance } from '../../../operations/provisioning/index.ts'
import { parseTenantId } from '../../../words/names.ts'
import type { CommandSpec } from '../command.ts'
import { ACTOR, TENANT, tenantOutcome } from '../tenants.ts'

export const claim: CommandSpec = {
  name: 'claim',
  description: 'Give the database to the instances in single mode with this TENANT_ID; those with another one do not start any more.',
  arguments: [TENANT],
  options: [ACTOR],
  isDestructive: true,
  worksInSingleMode: true,
  run: async ({ config, values, confirm }) => {
    const tenantId = parseTenantId(values.required('tenant'))
    const settings = await config()
    await confirm(tenantId, `Instances with another TENANT_ID than "${tenantId}" will not start on this database any more.`)
    const tenant = await claimInstance(settings, { tenantId, actor: values.text('actor') })
    return tenantOutcome(tenant, 'is the tenant of the instances in single mode')
  }
}
