import { randomBytes } from 'node:crypto'
import { quoteLiteral } from '../../words/names.ts'
import type { TenantSettings } from '../../words/types.ts'
import { BACKEND, EXECUTE, FRONTEND, SYNC, int16, int32, message, parseBody, parseOf, value } from './messages.ts'

/** The messages that set one tenant's settings in front of a statement, and what the server has to answer. */
export interface SettingsFrame {
  /** What names in SQL mean under these settings: a statement prepared under one shape is not used under another. */
  readonly shape: string
  readonly tenantId: string
  /** What is sent; the nonce has to be written at `nonceAt`. */
  readonly request: Buffer
  readonly nonceAt: number
  /** Types of the messages that have to come back, in this order. */
  readonly replies: readonly number[]
  /** The row that has to come back, without the nonce, which is its last four bytes. */
  readonly row: Buffer
  /** The same in the simple protocol: SQL to put in front of a text, and the row that has to come back. */
  inText (nonce: number): { readonly sql: string, readonly row: Buffer }
}

/**
 * How tenant settings reach the server. The only place that knows it; a server that needs another way (Citus) gets
 * another dialect.
 */
export interface SettingsDialect {
  /** Whether statements are prepared by name. */
  readonly isNaming: boolean
  /** What a new connection is sent once, before any frame; the server answers with {@link setUpReplies}. */
  readonly setUp: Buffer
  readonly setUpReplies: readonly number[]
  frameOf (settings: TenantSettings): SettingsFrame
}

// Everything qualified: a session's own search_path must not decide which set_config() or which operator this is.
// The division fails where the schema is not the one that unqualified names will find (I-05: a path to nowhere is no
// error to PostgreSQL), and then the server skips the statement behind it.
const settingsSql = (path: string, tenant: string, nonce: string, schema: string): string =>
  `select pg_catalog.set_config('search_path',${path},true),pg_catalog.set_config('app.tenant_id',${tenant},true),` +
  `${nonce} operator(pg_catalog./)(case when pg_catalog.current_schema() operator(pg_catalog.=)${schema} then 1 else 0 end)`

const TEXT_TYPE = 25
const INT4_TYPE = 23
const FRAME_BODY = parseBody(settingsSql('$1', '$2', '$3', '$4'), [TEXT_TYPE, TEXT_TYPE, INT4_TYPE, TEXT_TYPE])

/** The code of the frame's error when the schema is not there: division by zero. */
export const SCHEMA_IS_MISSING = '22012'

const { bindComplete, commandComplete, dataRow, parseComplete, ready } = BACKEND
const TEXT = 0
const BINARY = 1

/**
 * PostgreSQL's own way: `set_config` for the transaction that the statement is in, proved by what it returns, with a
 * number that is different for every statement of a connection.
 *
 * `isNamed` prepares the frame once for each connection. A pooler that hands out another server connection for each
 * transaction needs it parsed each time.
 */
export function postgresDialect ({ isNamed }: { readonly isNamed: boolean }): SettingsDialect {
  // Not to be guessed, so that SQL of a user's cannot have prepared it before.
  const name = isNamed ? `zakops_${randomBytes(12).toString('hex')}` : ''
  const parse = parseOf(name, FRAME_BODY)
  return {
    isNaming: isNamed,
    setUp: isNamed ? Buffer.concat([parse, SYNC]) : Buffer.alloc(0),
    setUpReplies: isNamed ? [parseComplete, ready] : [],
    frameOf: (settings) => frameOf(settings, name, isNamed ? Buffer.alloc(0) : parse)
  }
}

function frameOf ({ searchPath, tenantId, schema }: TenantSettings, name: string, parse: Buffer): SettingsFrame {
  const nonce = value(int32(0))
  const bind = message(FRONTEND.bind, `\0${name}\0`,
    int16(4), int16(TEXT), int16(TEXT), int16(BINARY), int16(TEXT),
    int16(4), value(searchPath), value(tenantId), nonce, value(schema),
    int16(3), int16(TEXT), int16(TEXT), int16(BINARY))
  const behindNonce = value(schema).length + 2 + 3 * 2
  const row = message(dataRow, int16(3), value(searchPath), value(tenantId), nonce)
  return {
    shape: searchPath,
    tenantId,
    request: Buffer.concat([parse, bind, EXECUTE]),
    nonceAt: parse.length + bind.length - behindNonce - 4,
    replies: [...(parse.length > 0 ? [parseComplete] : []), bindComplete, dataRow, commandComplete],
    row: row.subarray(0, row.length - 4),
    inText (number) {
      const sql = settingsSql(quoteLiteral(searchPath), quoteLiteral(tenantId), `(${number})::pg_catalog.int4`, quoteLiteral(schema))
      return { sql: `${sql};`, row: message(dataRow, int16(3), value(searchPath), value(tenantId), value(String(number))) }
    }
  }
}
