import { isTenantId, quoteLiteral } from '../../words/names.ts'
import type { TenantSettings } from '../../words/types.ts'
import { BACKEND, EXECUTE, FRONTEND, bareRun, int16, int32, message, parseBody, value } from './messages.ts'
import { PlainFrame } from './plain-frame.ts'
import { type PreparedFrame, prepareFrame } from './prepared-frame.ts'
import type { SettingsDialect, SettingsFrame, SettingsMessages } from './settings-frame.ts'

const { bindComplete, commandComplete, dataRow, parseComplete } = BACKEND
const RUN = [parseComplete, bindComplete, commandComplete]
const TEXT = 0
const BINARY = 1
const TEXT_TYPE = 25
const INT4_TYPE = 23

// Read from the server after they were set, and divided as in PostgreSQL's own frame: a schema that is not there, or is not
// the one that unqualified names will find, is an error, and the server skips what stands behind it (I-05). The path comes
// back without quotes, since the server writes only those that it needs, and no name in it can hold one.
const CHECK = parseBody(
  'select pg_catalog.replace(pg_catalog.current_setting(\'search_path\'),\'"\',\'\'),pg_catalog.current_setting(\'app.tenant_id\'),' +
  '$1 operator(pg_catalog./)(case when pg_catalog.current_schema() operator(pg_catalog.=)$2 then 1 else 0 end)',
  [INT4_TYPE, TEXT_TYPE])

/** The settings go into SQL as they are, so their alphabet is looked at here too, whoever has looked before. */
const PATH = /^(?:"[A-Za-z0-9_-]{1,63}"|pg_catalog|pg_temp)(?:, (?:"[A-Za-z0-9_-]{1,63}"|pg_catalog|pg_temp))*$/

/** Returns what sets the tenant settings of a transaction, each a statement of its own. */
export function setLocal ({ searchPath, tenantId }: TenantSettings): readonly string[] {
  if (!PATH.test(searchPath) || (tenantId !== '' && !isTenantId(tenantId))) throw new TypeError('these settings cannot be written as they are')
  return [`set local search_path to ${searchPath}`, `set local app.tenant_id to ${quoteLiteral(tenantId)}`]
}

/**
 * For a server that is to be told settings as literals: `set local`, each a statement of its own, and then a look at what was set.
 * They last for a transaction, so a statement that is in none is in one write with its own: `begin`, the settings, the statement
 * and `commit`. `statementsOf` returns what sets them.
 */
export function setLocalDialect ({ isNamed, statementsOf }: { readonly isNamed: boolean, readonly statementsOf: typeof setLocal }): SettingsDialect {
  const check = prepareFrame(CHECK, isNamed)
  return { ...check.once, frameOf: (settings) => frameOf(settings, statementsOf(settings), check) }
}

function frameOf (settings: TenantSettings, statements: readonly string[], { name, parse, parseReplies }: PreparedFrame): SettingsFrame {
  const { searchPath, tenantId, schema } = settings
  const nonce = value(int32(0))
  const bind = message(FRONTEND.bind, `\0${name}\0`,
    int16(2), int16(BINARY), int16(TEXT),
    int16(2), nonce, value(schema),
    int16(3), int16(TEXT), int16(TEXT), int16(BINARY))
  const behindNonce = value(schema).length + 2 + 3 * 2
  const front = Buffer.concat([...statements.map((text) => bareRun(parseBody(text))), parse, bind])
  const row = message(dataRow, int16(3), value(searchPath.replaceAll('"', '')), value(tenantId), nonce)
  const request = Buffer.concat([front, EXECUTE])
  const messages: SettingsMessages = {
    request,
    requestAgain: request,
    nonceAt: front.length - behindNonce - 4,
    replies: [...statements.flatMap(() => RUN), ...parseReplies, bindComplete, dataRow, commandComplete],
    row: row.subarray(0, row.length - 4),
    inText: undefined
  }
  return new PlainFrame(settings, true, messages)
}
