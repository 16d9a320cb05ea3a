import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { TransactionSql } from 'postgres'
import { ExportUnusableError, TransferMismatchError, TransferUnverifiedError } from '../../words/errors/index.ts'
import type { IsolationStrategyName, Tenant } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { inTransaction, withOwner } from '../../data/owner/index.ts'
import { fillingTables } from '../policies/index.ts'
import { provisionFilled } from '../provisioning/index.ts'
import { clearTables, countTable } from './copy.ts'
import { requireEmpty } from './empty.ts'
import { enterTenant } from './enter.ts'
import { type ExportHeader, ExportLines, type ExportTrailer } from './file-format.ts'
import { readLedger } from './ledger.ts'
import { writeRows } from './pour.ts'
import { abandonPlace } from './remove.ts'
import { setSequences } from './sequences.ts'
import { readShape } from './shape.ts'
import { insertStatement, stageOf, stageStatement } from './statements.ts'
import { type TableCopy, matchTables } from './table-copy.ts'

/** An export that is to become a tenant. */
export interface ImportRequest {
  /** The file of an export, or a stream of it. */
  readonly from: string | Readable
  /** Default: the id that the exported tenant had. A tenant that exists has to be empty, and keeps what is not said here. */
  readonly id?: string
  /** For people. Default: the exported tenant's name. */
  readonly name?: string
  /** Default: the exported tenant's. */
  readonly isolation?: IsolationStrategyName
  /** Default: by the weights of the servers. */
  readonly server?: string | { readonly tag: string }
  /** Puts the rows into the archived tenant with this id, in place of those that it has. Default: `false`. */
  readonly replace?: boolean
}

/**
 * Makes a tenant of an export: provisions it, loads the rows in one transaction in the order of foreign keys, and compares
 * counts and checksums before anything is committed. The tenant is served from then on; a failed import leaves none. A tenant
 * that is there and has no row gets them in the same way, and a failure leaves it as it was.
 *
 * @throws {ExportUnusableError} FST_TENANCY_TRANSFER_EXPORT_UNUSABLE — the file is cut off or was altered.
 * @throws {TransferMismatchError} FST_TENANCY_TRANSFER_MISMATCH — the migrations here are not those of the export.
 * @throws {TransferNotEmptyError} FST_TENANCY_TRANSFER_NOT_EMPTY — there is such a tenant, with rows.
 * @throws {TenantExistsError} FST_TENANCY_TENANT_EXISTS — there is such a tenant, with another strategy or on another server than the request says.
 */
export async function importTenant (config: TenancyConfig, { from, replace: _replace, ...wish }: ImportRequest): Promise<Tenant> {
  return await withExport(from, async (header, lines) => await provisionFilled(config, { ...wish, id: wish.id ?? header.tenant.id }, {
    action: 'import',
    defaults: { name: header.tenant.name, isolation: header.tenant.isolation },
    fill: (tenant, isNew) => loadExport(config, tenant, { header, lines, prepare: isNew ? clearTables : (tx, copies) => requireEmpty(tx, tenant, copies) }),
    abandon: (tenant) => abandonPlace(config, tenant)
  }))
}

/** Runs `fn` with the header of an export and what follows it. */
export async function withExport<T> (from: ImportRequest['from'], fn: (header: ExportHeader, lines: ExportLines) => Promise<T>): Promise<T> {
  const source = typeof from === 'string' ? createReadStream(from) : from
  const unpacked = createGunzip()
  source.once('error', (error: Error) => unpacked.destroy(error))
  const lines = new ExportLines(readable(source.pipe(unpacked)))
  try {
    return await fn(await lines.header(), lines)
  } finally {
    source.destroy()
    unpacked.destroy()
  }
}

/** What cannot be unpacked is a file that was cut off or altered. */
async function * readable (bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield * bytes
  } catch (cause) {
    throw new ExportUnusableError('it cannot be unpacked', { cause })
  }
}

/** An export that is open, and what is done with the tables before its rows come. */
export interface Loading {
  readonly header: ExportHeader
  readonly lines: ExportLines
  readonly prepare: (tx: TransactionSql, copies: readonly TableCopy[]) => Promise<void>
}

/**
 * Puts the rows of an export into a tenant's place, in one transaction: what was there stays where anything fails.
 *
 * @throws as {@link importTenant} says.
 */
export async function loadExport (config: TenancyConfig, tenant: Tenant, { header, lines, prepare }: Loading): Promise<void> {
  await withOwner(config, (sql) => inTransaction(sql, { lock: config.timeouts.acquire }, async (tx) => {
    await enterTenant(tx, tenant, config.extensionsSchema)
    if (JSON.stringify(await readLedger(tx, tenant.schema)) !== JSON.stringify(header.migrations)) throw new TransferMismatchError('migrations')
    const copies = orderedAs(header, matchTables({ tenant: { ...tenant, isolation: 'schema' }, tables: header.tables }, { tenant, tables: await readShape(tx, tenant.schema) }))
    await tx.unsafe('set constraints all deferred')
    await prepare(tx, copies)
    await fillingTables(tx, tenant, async () => {
      for (const copy of copies) await loadTable(tx, copy, lines)
    })
    const trailer = await lines.trailer()
    await compare(tx, copies, trailer)
    await setSequences(tx, tenant, trailer.sequences)
  }), tenant)
}

function orderedAs ({ tables }: ExportHeader, copies: readonly TableCopy[]): readonly TableCopy[] {
  return tables.flatMap(({ name }) => copies.filter((copy) => copy.name === name))
}

async function loadTable (tx: TransactionSql, copy: TableCopy, lines: ExportLines): Promise<void> {
  await tx.unsafe(stageStatement(copy))
  await writeRows({ tx, text: `copy ${stageOf(copy)} (${copy.columns.join(', ')}) from stdin` }, Readable.from(lines.rows(copy.name)))
  await tx.unsafe(`${insertStatement(copy, false)}; drop table ${stageOf(copy)}`)
}

async function compare (tx: TransactionSql, copies: readonly TableCopy[], { counts }: ExportTrailer): Promise<void> {
  for (const copy of copies) {
    const here = await countTable(tx, copy, { end: copy.to })
    const there = counts.find(({ table }) => table === copy.name)
    if (there?.rows !== here.rows || there.checksum !== here.checksum) throw new TransferUnverifiedError(copy.name)
  }
}
