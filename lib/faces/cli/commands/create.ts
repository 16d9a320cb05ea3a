import type { CommandSpec } from '../command.ts'
import { DISPLAY_NAME, TENANT, WHERE, tenantOutcome } from '../tenants.ts'
import { given } from '../values.ts'

export const create: CommandSpec = {
  name: 'create',
  description: 'Make a tenant: schema, migrations, policies, grants and registry row. One that is there is brought up to date.',
  arguments: [TENANT],
  options: [DISPLAY_NAME, ...WHERE],
  run: async ({ values, withTenancy }) => {
    const request = {
      id: values.required('tenant'),
      ...given('name', values.text('name')),
      ...given('isolation', values.isolation),
      ...given('server', values.server)
    }
    const tenant = await withTenancy(async (tenancy) => await tenancy.provision(request))
    return tenantOutcome(tenant, `is ${tenant.status}: ${tenant.isolation} on ${tenant.server}`)
  }
}
