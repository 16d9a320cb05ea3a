import type { TransactionSql } from 'postgres'
import { TransferMismatchError, TransferUnverifiedError } from '../../words/errors/index.ts'
import { TENANT_COLUMN, quoteIdentifier } from '../../words/names.ts'
import { pour } from './pour.ts'
import {
  type RowChoice, checksumOf, clearStatement, deleteStatement, insertStatement, keysOf, keysStatement, notedKeys, notedTables, rowsOf, stageOf, stageStatement
} from './statements.ts'
import type { TableCopy } from './table-copy.ts'

/** The two transactions that rows are copied between, each with the tenant's settings. */
export interface Ends {
  readonly from: TransactionSql
  readonly to: TransactionSql
}

/** How many rows a table has, and what they add up to. */
export interface TableCount {
  readonly table: string
  readonly rows: number
  readonly checksum: string
}

/** Called when a table was copied. */
export type OnTable = (table: string, rows: number) => void

/** Removes every row that the tenant has at the target. */
export async function clearTables (to: TransactionSql, copies: readonly TableCopy[]): Promise<void> {
  await to.unsafe('set constraints all deferred')
  for (const copy of copies.toReversed()) await to.unsafe(clearStatement(copy))
}

/** Copies every row, in the order of foreign keys. The source has to be one snapshot, and the target to hold none of them. */
export async function copyTables (ends: Ends, copies: readonly TableCopy[], onTable: OnTable): Promise<void> {
  await ends.to.unsafe('set constraints all deferred')
  for (const copy of copies) {
    await assertOwnRows(ends.from, copy)
    await ends.to.unsafe(`drop table if exists ${stageOf(copy)}; ${stageStatement(copy)}`)
    await fillStage(ends, copy, undefined)
    const { count } = await ends.to.unsafe(insertStatement(copy, false))
    await ends.to.unsafe(`drop table ${stageOf(copy)}`)
    onTable(copy.name, count)
  }
}

/** The order in which changed rows are written: what goes first, or what comes. Each can meet a constraint that the other does not. */
export type ChangeOrder = 'deletes first' | 'deletes last'

/**
 * Brings the rows whose keys were noted for `move` up to date at the target: those that are there, as they are now, and
 * those that are not go. The source has to be one snapshot, which holds the notes and the rows.
 */
export async function copyChanges (ends: Ends, copies: readonly TableCopy[], move: string, order: ChangeOrder): Promise<void> {
  const noted = new Set((await ends.from.unsafe(notedTables(move))).map((row) => row['name']))
  const changed = copies.filter(({ name }) => noted.has(name))
  await ends.to.unsafe(['set constraints all deferred', ...changed.flatMap((copy) => [keysStatement(copy), stageStatement(copy)])].join(';\n'))
  for (const copy of changed) {
    const keys = notedKeys(move, copy)
    await pour({ tx: ends.from, text: `copy ${keys} to stdout` }, { tx: ends.to, text: `copy ${keysOf(copy)} from stdin` })
    await fillStage(ends, copy, keys)
  }
  const removals = changed.toReversed().map(deleteStatement)
  const additions = changed.map((copy) => insertStatement(copy, true))
  const statements = order === 'deletes first' ? [...removals, ...additions] : [...additions, ...removals]
  if (statements.length > 0) await ends.to.unsafe(statements.join(';\n'))
  for (const copy of changed) await verify(ends, copy, { from: notedKeys(move, copy), to: keysOf(copy) })
}

/** Compares every table, and returns what they have. */
export async function verifyTables (ends: Ends, copies: readonly TableCopy[]): Promise<readonly TableCount[]> {
  const counts: TableCount[] = []
  for (const copy of copies) counts.push(await verify(ends, copy))
  return counts
}

/** Counts every table of the source and of the target. */
export async function verifyCounts (ends: Ends, copies: readonly TableCopy[]): Promise<void> {
  const count = async (tx: TransactionSql, end: RowChoice['end']): Promise<string> => {
    const [row] = await tx.unsafe(`select count(*)::text as rows from ${end.rows} t where ${end.isOwn}`)
    return String(row?.['rows'])
  }
  for (const copy of copies) {
    const [there, here] = await Promise.all([count(ends.from, copy.from), count(ends.to, copy.to)])
    if (there !== here) throw new TransferUnverifiedError(copy.name)
  }
}

/** Returns how many rows of a table there are, and what they add up to. */
export async function countTable (tx: TransactionSql, copy: TableCopy, choice: RowChoice): Promise<TableCount> {
  const [row] = await tx.unsafe(checksumOf(copy, choice))
  return { table: copy.name, rows: Number(row?.['rows']), checksum: String(row?.['checksum']) }
}

async function verify (ends: Ends, copy: TableCopy, keys: { readonly from?: string, readonly to?: string } = {}): Promise<TableCount> {
  const [there, here] = await Promise.all([
    countTable(ends.from, copy, { end: copy.from, keys: keys.from }), countTable(ends.to, copy, { end: copy.to, keys: keys.to })
  ])
  if (there.rows !== here.rows || there.checksum !== here.checksum) throw new TransferUnverifiedError(copy.name)
  return here
}

/** A schema of the tenant's own without policies could hold anything in the tenant column, and it would be lost. */
export async function assertOwnRows (tx: TransactionSql, { name, from }: TableCopy): Promise<void> {
  if (from.tenant === undefined) return
  const [foreign] = await tx.unsafe(`select 1 from ${from.rows} t where t.${quoteIdentifier(TENANT_COLUMN)} is distinct from ${from.tenant} and ${from.isOwn} limit 1`)
  if (foreign !== undefined) throw new TransferMismatchError(`${name}.${TENANT_COLUMN}`)
}

async function fillStage (ends: Ends, copy: TableCopy, keys: string | undefined): Promise<void> {
  const rows = rowsOf(copy, { end: copy.from, keys })
  await pour({ tx: ends.from, text: `copy (${rows}) to stdout` }, { tx: ends.to, text: `copy ${stageOf(copy)} (${copy.columns.join(', ')}) from stdin` })
}
