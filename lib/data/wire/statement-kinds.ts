import { leadingWords } from './leading-words.ts'

/** First words of the statements that a tenant may send. Everything else is refused: an unknown kind is not a safe one. */
const ALLOWED = new Set([
  'select', 'insert', 'update', 'delete', 'merge', 'with', 'values', 'table', 'explain', 'show', 'comment', 'truncate', 'refresh', 'analyze'
])

/** What may be created, altered and dropped: what lives in a schema, and the words that go before. A role is everybody's. */
const IN_A_SCHEMA = new Set([
  'table', 'index', 'unique', 'view', 'materialized', 'recursive', 'sequence', 'type', 'domain', 'function', 'trigger', 'constraint',
  'temp', 'temporary', 'unlogged', 'or', 'aggregate', 'operator', 'collation', 'statistics', 'rule'
])

/** Forms of SET that end with their transaction. */
const LOCAL_SETTINGS = new Set(['local', 'constraints', 'transaction'])

const TRANSACTION = 'Transaction control is refused on the tenant client, because it would end the tenant\'s settings: use sql.begin(fn), and return or throw to end it.'
const SAVEPOINT = 'Savepoints in SQL text are refused on the tenant client: use tx.savepoint(fn).'
const SESSION = 'Session settings are refused on the tenant client, because the next tenant on the connection would get them: use "set local" inside sql.begin(fn).'
const PREPARED = 'Prepared statements in SQL text are refused on the tenant client, because connections are shared between tenants: send the statement itself.'
const CHANNEL = 'Channels belong to the whole database, so listen and notify are not there yet on the tenant client: use a connection of your own and put the tenant into the payload.'
const PROCEDURE = 'DO and CALL are refused on the tenant client, because they can end the transaction and hide what they run: send the statements, or call a function with select.'
const CURSOR = 'Cursors in SQL text are not there yet on the tenant client: page through the rows by key.'
const COPY = 'COPY is not there yet on the tenant client: insert many rows with the helper sql(rows).'
const ROLES = 'Roles, rights and whatever does not live in a schema are common to all tenants: change them as the owner, outside the tenant client.'
const LOCK = 'LOCK is refused on the tenant client, because a locked table may be another tenant\'s too: use select … for update.'
const MAINTENANCE = 'This statement cannot run inside a transaction and so not with a tenant\'s settings: run it as the owner, outside the tenant client.'

/** Why a kind is refused and what to do instead. */
const REFUSALS: ReadonlyMap<string, string> = new Map([
  ...['begin', 'start', 'commit', 'end', 'rollback', 'abort'].map((word) => [word, TRANSACTION] as const),
  ...['savepoint', 'release'].map((word) => [word, SAVEPOINT] as const),
  ...['set', 'reset', 'load', 'discard'].map((word) => [word, SESSION] as const),
  ...['prepare', 'execute', 'deallocate'].map((word) => [word, PREPARED] as const),
  ...['listen', 'unlisten', 'notify'].map((word) => [word, CHANNEL] as const),
  ...['do', 'call'].map((word) => [word, PROCEDURE] as const),
  ...['declare', 'fetch', 'move', 'close'].map((word) => [word, CURSOR] as const),
  ['copy', COPY],
  ['lock', LOCK],
  ...['grant', 'revoke', 'create', 'alter', 'drop', 'reassign', 'security'].map((word) => [word, ROLES] as const),
  ...['vacuum', 'cluster', 'reindex', 'checkpoint'].map((word) => [word, MAINTENANCE] as const)
])

const UNKNOWN = 'The tenant client does not know this kind of statement and refuses it: start it with select, insert, update, delete, merge, with or another plain SQL word.'

/** Returns why the tenant client refuses a statement, in a sentence that says what to do instead; undefined if it does not. */
export function refusalOf (text: string): string | undefined {
  const [first = '', second = '', third] = leadingWords(text, 3)
  if (ALLOWED.has(first)) return undefined
  if ((first === 'create' || first === 'alter' || first === 'drop') && IN_A_SCHEMA.has(second)) return undefined
  // With a third word: `set local.x` is a session setting with a name that looks like the word.
  if (first === 'set' && LOCAL_SETTINGS.has(second) && third !== undefined) return undefined
  return REFUSALS.get(first) ?? UNKNOWN
}

const EXPECTED_TAG = /^(SELECT|INSERT|UPDATE|DELETE|MERGE|EXPLAIN|SHOW|SET|SET CONSTRAINTS|COMMENT|TRUNCATE TABLE|REFRESH MATERIALIZED VIEW|ANALYZE|(CREATE|ALTER|DROP) .+)$/

/**
 * Tells whether the server's command tag is that of a statement we let through. The second line behind
 * {@link refusalOf}: whatever fooled the words cannot fool the server.
 */
export function isExpectedTag (tag: string): boolean {
  return EXPECTED_TAG.test(tag)
}
