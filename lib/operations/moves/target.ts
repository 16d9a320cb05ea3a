import type { Sql } from 'postgres'
import { MoveRefusedError } from '../../words/errors/index.ts'
import { quoteIdentifier } from '../../words/names.ts'
import type { Tenant } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { strategyOf } from '../../data/isolation/index.ts'
import { inTransaction, withAdmin, withOwner } from '../../data/owner/index.ts'
import { enterTenant, filledTable, matchTables, readShape } from '../transfer/index.ts'

const TAKEN = 'the place where it is to go holds something of it already: confirm or undo an earlier move, or remove what is there.'

/**
 * Throws unless the place holds nothing of the tenant: what is there is no part of this move, and would be removed by it.
 *
 * @throws {MoveRefusedError} FST_TENANCY_MOVE_REFUSED
 */
export async function assertFree (config: TenancyConfig, target: Tenant): Promise<void> {
  const isTaken = target.database === null ? await holdsRows(config, target) : await hasDatabase(config, target)
  if (isTaken) throw new MoveRefusedError(TAKEN)
}

async function hasDatabase (config: TenancyConfig, { server, database }: Tenant): Promise<boolean> {
  return await withAdmin(config, async (sql) => (await sql`select from pg_catalog.pg_database where datname = ${database}`).count > 0, { server, database: null })
}

async function holdsRows (config: TenancyConfig, target: Tenant): Promise<boolean> {
  return await withOwner(config, (sql) => inTransaction(sql, { lock: config.timeouts.acquire }, async (tx) => {
    const tables = await readShape(tx, target.schema)
    if (strategyOf(target.isolation).hasOwnSchema) return tables.length > 0
    await enterTenant(tx, target, config.extensionsSchema)
    return await filledTable(tx, matchTables({ tenant: target, tables }, { tenant: target, tables })) !== undefined
  }), target)
}

/**
 * Switches the triggers of the target's tables off: what they did has been done where the rows come from. In a table that
 * others use too they go on; where they change rows, the comparison fails.
 */
export async function silenceTriggers (sql: Sql, target: Tenant): Promise<void> {
  if (!strategyOf(target.isolation).hasOwnSchema) return
  for (const { name, table, state } of await readTriggers(sql, target.schema)) {
    if (state === 'O') await sql.unsafe(`alter table ${table} disable trigger ${name}`)
  }
}

/** Switches on again those that are on at the source. */
export async function restoreTriggers (from: Sql, source: Tenant, to: Sql, target: Tenant): Promise<void> {
  if (!strategyOf(target.isolation).hasOwnSchema) return
  const nameOf = ({ name, relation }: TriggerState): string => `${relation}\n${name}`
  const [there, here] = await Promise.all([readTriggers(from, source.schema), readTriggers(to, target.schema)])
  const on = new Set(there.filter(({ state }) => state === 'O').map(nameOf))
  for (const trigger of here) {
    if (trigger.state === 'D' && on.has(nameOf(trigger))) await to.unsafe(`alter table ${trigger.table} enable trigger ${trigger.name}`)
  }
}

interface TriggerState {
  readonly name: string
  readonly relation: string
  readonly table: string
  readonly state: string
}

async function readTriggers (sql: Sql, schema: string): Promise<readonly TriggerState[]> {
  const rows = await sql`
    select t.tgname as name, c.relname as relation, t.tgenabled as state from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid
    where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = ${schema}) and not t.tgisinternal and t.tgname not like 'zakops\\_move\\_%'`
  return rows.map(({ name, relation, state }) => ({
    name: quoteIdentifier(String(name)), relation: String(relation), state: String(state), table: `${quoteIdentifier(schema)}.${quoteIdentifier(String(relation))}`
  }))
}
