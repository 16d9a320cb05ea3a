import type { CommandSpec } from '../command.ts'
import { count } from '../readers.ts'
import { given } from '../values.ts'

export const spares: CommandSpec = {
  name: 'spares',
  description: 'Make schemas ahead, until so many are ready, so that the next new tenants take milliseconds.',
  arguments: [{ usage: '<count>', description: 'how many are to be ready', read: count(0, 1_000) }],
  options: [{ flags: '--isolation <strategy>', description: 'of which strategy (default: the option isolation)', choices: ['schema', 'schema+rls'] }],
  run: async ({ values, withTenancy }) => {
    const ready = values.number('count') ?? 0
    const made = await withTenancy(async (tenancy) => await tenancy.prepareSpares({ count: ready, ...given('isolation', values.isolation) }))
    return { json: { ready, made }, lines: [`${made} made, so that ${ready} are ready`] }
  }
}
