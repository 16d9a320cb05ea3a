import { ISOLATION_STRATEGIES, type Tenant } from '../../words/types.ts'
import type { Tenancy } from '../tenancy/index.ts'
import type { ArgumentSpec, CommandSpec, OptionSpec } from './command.ts'
import type { Outcome, Row } from './output.ts'
import { tenantId, text } from './readers.ts'
import { given } from './values.ts'

/** The one tenant of a command. */
export const TENANT: ArgumentSpec = { usage: '<tenant>', description: 'the tenant id', read: tenantId }

export const ACTOR: OptionSpec = { flags: '--actor <name>', description: 'who does it, for the audit log', read: text }

export const ISOLATION: OptionSpec = { flags: '--isolation <strategy>', description: 'how its rows are kept apart', choices: ISOLATION_STRATEGIES }

/** Where a new tenant goes. */
export const WHERE: readonly OptionSpec[] = [
  ISOLATION,
  { flags: '--server <name>', description: 'the server that it goes to', read: text, conflicts: ['tag'] },
  { flags: '--tag <tag>', description: 'any server with this tag', read: text }
]

export const DISPLAY_NAME: OptionSpec = { flags: '--name <text>', description: 'its name for people', read: text }

/** Returns what a command that changed one tenant says. */
export function tenantOutcome (tenant: Tenant, what: string): Outcome {
  return { json: tenant, lines: [`${tenant.id} ${what}`] }
}

/** Returns a tenant as a line of a table. */
export function tenantRow ({ id, name, status, isolation, server, migration, createdAt }: Tenant): Row {
  return { id, name, status, isolation, server, migration, created: createdAt.toISOString() }
}

/** Returns a command that changes the status of one tenant. */
export function statusCommand (spec: Pick<CommandSpec, 'name' | 'description' | 'isDestructive'> & {
  readonly act: 'suspend' | 'resume' | 'archive' | 'restore'
  /** What is asked before. */
  readonly question?: (tenantId: string) => string
}): CommandSpec {
  const { act, question, ...rest } = spec
  return {
    ...rest,
    arguments: [TENANT],
    options: [ACTOR],
    run: async ({ values, confirm, withTenancy }) => {
      const id = values.required('tenant')
      if (question !== undefined) await confirm(id, question(id))
      const change: Tenancy['suspend'] = async (...request) => await withTenancy(async (tenancy) => await tenancy[act](...request))
      const tenant = await change(id, given('actor', values.text('actor')))
      return tenantOutcome(tenant, `is ${tenant.status}`)
    }
  }
}
