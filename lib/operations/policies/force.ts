import type { TransactionSql } from 'postgres'
import type { Tenant } from '../../words/types.ts'
import { strategyOf } from '../../data/isolation/index.ts'
import { isCitus, sendAll } from '../../data/owner/index.ts'
import { readTables } from './tables.ts'

/**
 * Fills the tables of a schema of one tenant, in the owner's transaction. Citus sends rows to its workers with COPY, which
 * PostgreSQL refuses where row security holds whoever sends it: so on Citus it does not hold the owner meanwhile. Nobody else
 * sees the tables in between, and the check that they hold one tenant's rows stays.
 */
export async function fillingTables (tx: TransactionSql, { schema, isolation }: Tenant, fn: () => Promise<void>): Promise<void> {
  const forced = isCitus(tx) && strategyOf(isolation).hasOwnSchema ? (await readTables(tx, schema)).filter(({ isForced }) => isForced) : []
  await sendAll(tx, forced.map(({ quoted }) => `alter table ${quoted} no force row level security`))
  await fn()
  await sendAll(tx, forced.map(({ quoted }) => `alter table ${quoted} force row level security`))
}
