import type { ClientPlan } from '../workers/messages.ts'
import type { Client } from './client.ts'

/** Loaded when it is asked for: a process has nothing of the others in it. */
const OPENERS: Readonly<Record<ClientPlan['way'], (plan: ClientPlan) => Promise<Client>>> = {
  'postgres.js': async (plan) => await (await import('./postgres-js.ts')).openPostgresJs(plan),
  'sql.begin': async (plan) => await (await import('./sql-begin.ts')).openSqlBegin(plan),
  'node-postgres': async (plan) => await (await import('./node-postgres.ts')).openNodePostgres(plan),
  'zakops-tenancy': async (plan) => await (await import('./zakops-tenancy.ts')).openTenancyClient(plan)
}

/** Returns a client with a pool of its own. */
export async function openClient (plan: ClientPlan): Promise<Client> {
  return await OPENERS[plan.way](plan)
}
