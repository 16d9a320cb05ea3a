import { quoteLiteral } from '../../words/names.ts'
import type { TenantSettings } from '../../words/types.ts'
import type { Sign } from '../signing/index.ts'
import { BACKEND, EXECUTE, FRONTEND, int16, int32, message, parseBody, value } from './messages.ts'
import { type PreparedFrame, prepareFrame } from './prepared-frame.ts'
import { PlainFrame } from './plain-frame.ts'
import { SignedFrame } from './signed-frame.ts'

/** The settings of one tenant's statements, and how they are sent. */
export interface SettingsFrame {
  /** What names in SQL mean under these settings: a statement prepared under one shape is not used under another. */
  readonly shape: string
  readonly tenantId: string
  /** Whether a statement that is in no transaction gets one of its own: settings last no longer, and reach nothing without. */
  readonly isEnclosed: boolean
  /** Returns what to write now: what expires is made anew. All of one cycle has to be of one call. */
  current (): SettingsMessages
}

/** The messages that set one tenant's settings in front of a statement, and what the server has to answer. */
export interface SettingsMessages {
  /** What is sent; the nonce has to be written at `nonceAt`. */
  readonly request: Buffer
  /** The same, as long, for a transaction that has had its settings before. */
  readonly requestAgain: Buffer
  readonly nonceAt: number
  /** Types of the messages that have to come back, in this order. */
  readonly replies: readonly number[]
  /** The row that has to come back, without the nonce, which is its last four bytes. */
  readonly row: Buffer
  /**
   * The same in the simple protocol: SQL to put in front of a text, and the row that has to come back. Undefined where they may
   * be in no text, since other sessions of the role read texts in pg_stat_activity (G-06): then the messages go in front of it.
   */
  readonly inText: ((nonce: number) => SettingsText) | undefined
}

/** Settings in front of a text: SQL, the row that has to come back, and the types of all messages that have to. */
export interface SettingsText {
  readonly sql: string
  readonly row: Buffer
  readonly replies: readonly number[]
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

const { bindComplete, commandComplete, dataRow, rowDescription } = BACKEND

/** What a simple query answers to the SELECT that sets the settings. */
const TEXT_REPLIES = [rowDescription, dataRow, commandComplete]
const TEXT = 0
const BINARY = 1

/**
 * PostgreSQL's own way: `set_config` for the transaction that the statement is in, proved by what it returns, with a
 * number that is different for every statement of a connection.
 *
 * `isNamed` prepares the frame once for each connection. A pooler that hands out another server connection for each
 * transaction needs it parsed each time. With `sign`, tenant ids are sent signed.
 */
export function postgresDialect ({ isNamed, sign }: { readonly isNamed: boolean, readonly sign?: Sign | undefined }): SettingsDialect {
  const [first, again] = [prepareFrame(FRAME_BODY, isNamed), prepareFrame(FRAME_BODY, isNamed)]
  const names = { first, again, replies: [...first.parseReplies, bindComplete, dataRow, commandComplete] }
  const make = (settings: FrameSettings, isSecret: boolean): SettingsMessages => messagesOf(settings, names, isSecret)
  return {
    isNaming: isNamed,
    setUp: Buffer.concat([first.once.setUp, again.once.setUp]),
    setUpReplies: [...first.once.setUpReplies, ...again.once.setUpReplies],
    frameOf (settings) {
      const { tenantId } = settings
      // Nobody is nobody without a signature.
      if (sign === undefined || tenantId === '') return new PlainFrame(settings, false, make({ ...settings, value: tenantId }, false))
      return new SignedFrame(settings, () => sign(tenantId), (value) => make({ ...settings, value }, true))
    }
  }
}

/** Tenant settings, and the text that says who the tenant is. */
type FrameSettings = TenantSettings & { readonly value: string }

/**
 * The statement that sets a tenant, prepared twice: the server analyses and plans one anew whenever names may mean something else
 * than when it last ran, and with one alone that would be twice in each transaction.
 */
interface PreparedTwice extends Pick<SettingsMessages, 'replies'> {
  readonly first: PreparedFrame
  /** For a transaction that has its settings already. */
  readonly again: PreparedFrame
}

function messagesOf ({ searchPath, schema, value: tenant }: FrameSettings, { first, again, replies }: PreparedTwice, isSecret: boolean): SettingsMessages {
  const nonce = value(int32(0))
  const bindOf = ({ name }: PreparedFrame): Buffer => message(FRONTEND.bind, `\0${name}\0`,
    int16(4), int16(TEXT), int16(TEXT), int16(BINARY), int16(TEXT),
    int16(4), value(searchPath), value(tenant), nonce, value(schema),
    int16(3), int16(TEXT), int16(TEXT), int16(BINARY))
  const bind = bindOf(first)
  const behindNonce = value(schema).length + 2 + 3 * 2
  const row = message(dataRow, int16(3), value(searchPath), value(tenant), nonce)
  return {
    request: Buffer.concat([first.parse, bind, EXECUTE]),
    requestAgain: Buffer.concat([again.parse, bindOf(again), EXECUTE]),
    nonceAt: first.parse.length + bind.length - behindNonce - 4,
    replies,
    row: row.subarray(0, row.length - 4),
    inText: isSecret
      ? undefined
      : (number) => {
          const sql = settingsSql(quoteLiteral(searchPath), quoteLiteral(tenant), `(${number})::pg_catalog.int4`, quoteLiteral(schema))
          return { sql: `${sql};`, row: message(dataRow, int16(3), value(searchPath), value(tenant), value(String(number))), replies: TEXT_REPLIES }
        }
  }
}
