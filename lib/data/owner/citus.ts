import type { Sql, TransactionSql } from 'postgres'
import type { TenantSettings } from '../../words/types.ts'
import { citusSettings } from '../wire/index.ts'

const clients = new WeakMap<Sql, Promise<boolean>>()
const transactions = new WeakSet<TransactionSql>()

/** Tells whether a transaction of `inTransaction` is one on a server with Citus, which takes settings, policies and DDL in another shape. */
export function isCitus (tx: TransactionSql): boolean {
  return transactions.has(tx)
}

/** Tells the same of a client. The database is asked once. */
export function hasCitus (sql: Sql): Promise<boolean> {
  const known = clients.get(sql)
  if (known !== undefined) return known
  const asked = sql`select 1 from pg_catalog.pg_extension where extname = 'citus'`.then(({ length }) => length > 0)
  clients.set(sql, asked)
  asked.catch(() => { clients.delete(sql) })
  return asked
}

/** Prepares a transaction on Citus: it makes no schema a distributed one, unless it says so, whatever the server's default is. */
export async function enterCitus (tx: TransactionSql): Promise<void> {
  transactions.add(tx)
  await tx.unsafe('set local citus.enable_schema_based_sharding to off')
}

/** Runs `fn` so that the schemas that it makes are distributed ones, each on a node of its own choice. On PostgreSQL nothing is different. */
export async function distributingSchemas (tx: TransactionSql, fn: () => Promise<unknown>): Promise<void> {
  if (!isCitus(tx)) {
    await fn()
    return
  }
  await tx.unsafe('set local citus.enable_schema_based_sharding to on')
  await fn()
  await tx.unsafe('set local citus.enable_schema_based_sharding to off')
}

/** Makes what the rest of the transaction creates on the coordinator alone. Citus sends it to its workers when a distributed table needs it. */
export async function keepLocal (tx: TransactionSql): Promise<void> {
  if (isCitus(tx)) await tx.unsafe('set local citus.enable_ddl_propagation to off')
}

/** Sets the tenant settings until the transaction ends, on the workers too. */
export async function applyCitusSettings (tx: TransactionSql, settings: TenantSettings): Promise<void> {
  for (const statement of citusSettings(settings)) await tx.unsafe(statement)
}

/**
 * Sends statements without parameters: as one message, because a fleet waits for round trips and not for what the server does in
 * them; on Citus each by itself, because it sends the whole text of a message on to its workers.
 */
export async function sendAll (tx: TransactionSql, statements: readonly string[]): Promise<void> {
  if (statements.length === 0) return
  if (!isCitus(tx)) {
    await tx.unsafe(statements.join(';\n'))
    return
  }
  for (const statement of statements) await tx.unsafe(statement)
}
