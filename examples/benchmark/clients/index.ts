import type { ClientPlan } from '../workers/messages.ts'
import type { Client } from './client.ts'
import { openNodePostgres } from './node-postgres.ts'
import { openPostgresJs } from './postgres-js.ts'
import { openSqlBegin } from './sql-begin.ts'
import { openTenancyClient } from './zakops-tenancy.ts'

const OPENERS: Readonly<Record<ClientPlan['way'], (plan: ClientPlan) => Promise<Client>>> = {
  'postgres.js': openPostgresJs,
  'sql.begin': openSqlBegin,
  'node-postgres': openNodePostgres,
  'zakops-tenancy': openTenancyClient
}

/** Returns a client with a pool of its own. */
export async function openClient (plan: ClientPlan): Promise<Client> {
  return await OPENERS[plan.way](plan)
}
