import type { CommandSpec } from '../command.ts'
import { tenantId, text } from '../readers.ts'
import { DISPLAY_NAME, ISOLATION, TENANT, tenantOutcome } from '../tenants.ts'
import { given } from '../values.ts'

export const clone: CommandSpec = {
  name: 'clone',
  description: 'Make a tenant with the rows of another, as one snapshot has them, or fill one that exists and is empty. What fails leaves no tenant, or the one that was there as it was.',
  arguments: [TENANT, { usage: '<new-tenant>', description: 'the id of the new one', read: tenantId }],
  options: [DISPLAY_NAME, ISOLATION, { flags: '--server <name>', description: 'the server that it goes to', read: text }],
  run: async ({ values, withTenancy }) => {
    const request = {
      id: values.required('new-tenant'),
      ...given('name', values.text('name')),
      ...given('isolation', values.isolation),
      ...given('server', values.text('server'))
    }
    const tenant = await withTenancy(async (tenancy) => await tenancy.cloneTenant(values.required('tenant'), request))
    return tenantOutcome(tenant, `is ${tenant.status}, with the rows of ${values.required('tenant')}`)
  }
}
