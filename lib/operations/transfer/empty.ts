import type { TransactionSql } from 'postgres'
import { TransferNotEmptyError } from '../../words/errors/index.ts'
import type { Tenant } from '../../words/types.ts'
import { strategyOf } from '../../data/isolation/index.ts'
import type { TableCopy } from './table-copy.ts'

/** Returns the first table in which the tenant has a row at the target. */
export async function filledTable (to: TransactionSql, copies: readonly TableCopy[]): Promise<string | undefined> {
  for (const { name, to: end } of copies) {
    if ((await to.unsafe(`select from ${end.rows} t where ${end.isOwn} limit 1`)).count > 0) return name
  }
  return undefined
}

/**
 * Throws unless the tenant has no row. It may be served: what it writes into tables of its own waits until the transaction is over.
 * In tables that others write to, nobody waits, and nothing is removed: a row that comes meanwhile has the comparison fail.
 *
 * @throws {TransferNotEmptyError} FST_TENANCY_TRANSFER_NOT_EMPTY
 */
export async function requireEmpty (to: TransactionSql, { isolation }: Tenant, copies: readonly TableCopy[]): Promise<void> {
  if (strategyOf(isolation).hasOwnSchema && copies.length > 0) await to.unsafe(`lock table ${copies.map((copy) => copy.to.table).join(', ')} in share row exclusive mode`)
  const filled = await filledTable(to, copies)
  if (filled !== undefined) throw new TransferNotEmptyError(filled)
}
