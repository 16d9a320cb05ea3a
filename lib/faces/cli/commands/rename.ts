import type { CommandSpec } from '../command.ts'
import { text } from '../readers.ts'
import { ACTOR, TENANT, tenantOutcome } from '../tenants.ts'
import { given } from '../values.ts'

export const rename: CommandSpec = {
  name: 'rename',
  description: 'Give a tenant another name for people. No data moves.',
  arguments: [TENANT, { usage: '<name>', description: 'the new name', read: text }],
  options: [ACTOR],
  run: async ({ values, withTenancy }) => {
    const tenant = await withTenancy(async (tenancy) => await tenancy.rename(values.required('tenant'), values.required('name'), given('actor', values.text('actor'))))
    return tenantOutcome(tenant, 'has another name')
  }
}
