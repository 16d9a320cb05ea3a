import { createHash } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { TransactionSql } from 'postgres'
import { ExportFileError } from '../../words/errors/index.ts'
import type { Tenant } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { inTransaction, withOwner } from '../../data/owner/index.ts'
import { type TableCount, assertOwnRows, countTable } from './copy.ts'
import { enterTenant } from './enter.ts'
import { END_OF_ROWS, type ExportHeader, type ExportTrailer, FORMAT } from './file-format.ts'
import { readLedger } from './ledger.ts'
import { wholeRows } from './pour.ts'
import { readSequences } from './sequences.ts'
import { readShape } from './shape.ts'
import { rowsOf } from './statements.ts'
import { type TableCopy, matchTables } from './table-copy.ts'

/** Where an export goes: a file that does not exist yet, or a stream. */
export type ExportTarget = string | Writable

/** What an export holds. */
export interface ExportReport {
  readonly tables: readonly TableCount[]
}

/**
 * Writes all rows of a tenant, as one snapshot has them, as one compressed file that describes itself: the tenant, its
 * migrations and tables, the rows in the order of foreign keys as COPY writes them, and how many there are and what they
 * add up to. Nothing is kept in memory, and nothing of the tenant is locked or changed.
 */
export async function exportTenant (config: TenancyConfig, tenant: Tenant, to: ExportTarget): Promise<ExportReport> {
  return typeof to === 'string' ? await intoFile(to, (file) => writeExport(config, tenant, file)) : await writeExport(config, tenant, to)
}

async function writeExport (config: TenancyConfig, tenant: Tenant, to: Writable): Promise<ExportReport> {
  return await withOwner(config, (sql) => inTransaction(sql, { lock: config.timeouts.acquire }, async (tx) => {
    await tx.unsafe('set transaction isolation level repeatable read, read only')
    await enterTenant(tx, tenant, config.extensionsSchema)
    const tables = await readShape(tx, tenant.schema)
    const copies = matchTables({ tenant, tables }, { tenant, tables })
    for (const copy of copies) await assertOwnRows(tx, copy)
    const report: ExportReport = { tables: await inOrder(copies, (copy) => countTable(tx, copy, { end: copy.from })) }
    const header: ExportHeader = {
      format: 'zakops-tenancy',
      version: FORMAT,
      tenant: { id: tenant.id, name: tenant.name, isolation: tenant.isolation },
      migrations: await readLedger(tx, tenant.schema),
      tables: copies.flatMap(({ name }) => tables.filter((table) => table.name === name))
    }
    const lines = linesOf(tx, tenant, header, copies, report)
    // Where it failed, the rows that are on their way have to be over before the transaction can be.
    await pipeline(Readable.from(lines), createGzip(), to).finally(() => lines.return(undefined))
    return report
  }), tenant)
}

/**
 * Writes a new file that is on the disk when this returns, or none. One that was there before is not touched.
 *
 * @throws {ExportFileError} FST_TENANCY_TRANSFER_FILE_UNUSABLE
 */
async function intoFile<T> (path: string, write: (file: Writable) => Promise<T>): Promise<T> {
  const handle = await open(path, 'wx', 0o600).catch((cause: unknown) => {
    throw new ExportFileError(cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown', { cause })
  })
  try {
    return await write(handle.createWriteStream({ flush: true }))
  } catch (error) {
    await rm(path, { force: true })
    throw error
  } finally {
    await handle.close()
  }
}

async function * linesOf (tx: TransactionSql, tenant: Tenant, header: ExportHeader, copies: readonly TableCopy[], { tables }: ExportReport): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  const line = (value: unknown): Buffer => hashed(Buffer.from(JSON.stringify(value) + '\n'))
  const hashed = (bytes: Buffer): Buffer => {
    hash.update(bytes)
    return bytes
  }
  yield line(header)
  for (const copy of copies) {
    yield line(copy.name)
    for await (const row of wholeRows({ tx, text: `copy (${rowsOf(copy, { end: copy.from })}) to stdout` })) yield hashed(row)
    yield hashed(Buffer.from(`${END_OF_ROWS}\n`))
  }
  const trailer: ExportTrailer = { counts: [...tables], sequences: [...await readSequences(tx, tenant.schema)], sha256: hash.digest('hex') }
  yield Buffer.from(JSON.stringify(trailer) + '\n')
}

async function inOrder<T, R> (items: readonly T[], fn: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = []
  for (const item of items) results.push(await fn(item))
  return results
}
