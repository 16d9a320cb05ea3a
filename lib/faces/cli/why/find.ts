import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { resolve } from 'node:path'
import type { Sql } from 'postgres'
import { withOperator, withOwner } from '../../../data/owner/index.ts'
import { REFUSALS_TABLE } from '../../../operations/roles/index.ts'
import type { TenancyConfig } from '../../../settings/config/index.ts'
import { RefusalUnknownError } from '../../../words/errors/index.ts'
import type { Io } from '../io.ts'
import { type Refusal, fromLine, fromTable } from './refusal.ts'

/**
 * Finds a refusal in a log of JSON lines, such as pino writes it; `-` is standard input. Lines may have something in front, and
 * may be wrapped by whoever collects them.
 *
 * @throws {RefusalUnknownError} FST_TENANCY_CLI_REFUSAL_UNKNOWN — no line has this id.
 */
export async function findInLog ({ cwd, stdin }: Io, file: string, errorId: string): Promise<Refusal> {
  const input: Readable = file === '-' ? stdin : createReadStream(resolve(cwd, file))
  // The error of a file that is not there comes from the stream, and not from its lines.
  const failed = new Promise<never>((_resolve, reject) => { input.once('error', reject) })
  const found = await Promise.race([failed, search(input, errorId)])
  if (found === undefined) throw new RefusalUnknownError('no line of the log has it. Is the file whole, and its level "info"?')
  return found
}

async function search (input: Readable, errorId: string): Promise<Refusal | undefined> {
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    const found = line.includes(errorId) ? fromLine(line, errorId) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * Finds a refusal in the table that processes with `refusals: 'table'` write, as the owner or the operator.
 *
 * @throws {RefusalUnknownError} FST_TENANCY_CLI_REFUSAL_UNKNOWN — the table does not have it.
 */
export async function findInTable (config: TenancyConfig, errorId: string): Promise<Refusal> {
  const ask = async (sql: Sql): Promise<Refusal | undefined> => {
    const [row] = await sql.unsafe(`select at::text as at, record::text as record from ${REFUSALS_TABLE} where id = $1`, [errorId])
    return row === undefined ? undefined : fromTable(String(row['at']), JSON.parse(String(row['record'])))
  }
  const found = config.ownerDatabase === undefined && config.operatorDatabase !== undefined ? await withOperator(config, ask) : await withOwner(config, ask)
  if (found === undefined) throw new RefusalUnknownError('the table does not have it. It holds what processes with TENANT_REFUSALS=table refused lately; for the log of others say --log <file>.')
  return found
}
