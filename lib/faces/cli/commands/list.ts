import { ISOLATION_STRATEGIES, TENANT_STATUSES } from '../../../words/types.ts'
import type { CommandSpec } from '../command.ts'
import { text } from '../readers.ts'
import { tenantRow } from '../tenants.ts'

export const list: CommandSpec = {
  name: 'list',
  description: 'List the tenants.',
  options: [
    { flags: '--status <status>', description: 'only those', choices: TENANT_STATUSES },
    { flags: '--isolation <strategy>', description: 'only those', choices: ISOLATION_STRATEGIES },
    { flags: '--server <name>', description: 'only those', read: text }
  ],
  run: async ({ values, withTenancy }) => {
    const wanted = { status: values.text('status'), isolation: values.text('isolation'), server: values.text('server') }
    const all = await withTenancy(async (tenancy) => await tenancy.registry.list())
    const tenants = all.filter(({ status, isolation, server }) =>
      (wanted.status ?? status) === status && (wanted.isolation ?? isolation) === isolation && (wanted.server ?? server) === server)
    return { json: tenants, rows: tenants.map(tenantRow), lines: tenants.length === 0 ? ['no tenants'] : [] }
  }
}
