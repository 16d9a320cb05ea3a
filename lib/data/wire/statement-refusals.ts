import { leadingWords } from './leading-words.ts'

// Each says why, and behind the colon what to do instead.
const TRANSACTION = 'Transaction control is refused on the tenant client, because it would end the tenant\'s settings: use sql.begin(fn), and return or throw to end it.'
const SAVEPOINT = 'Savepoints in SQL text are refused on the tenant client: use tx.savepoint(fn).'
const SESSION = 'Session settings are refused on the tenant client, because the next tenant on the connection would get them: use "set local" inside sql.begin(fn).'
const PREPARED = 'Prepared statements in SQL text are refused on the tenant client, because connections are shared between tenants: send the statement itself.'
const CHANNEL = 'LISTEN and NOTIFY in SQL text are refused on the tenant client, because channels belong to the whole database: use sql.listen and sql.notify, which keep them apart by tenant.'
/** `pg_notify` in SQL text. */
export const NOTIFIES = 'pg_notify in SQL text is refused on the tenant client, because channels belong to the whole database: use sql.notify(channel, payload), or tx.notify in a transaction.'
/** Functions of large objects in SQL text. */
export const LARGE_OBJECTS = 'Large objects are refused on the tenant client, because they belong to no tenant and every tenant could read them: store a bytea column.'
const PROCEDURE = 'DO and CALL are refused on the tenant client, because they can end the transaction and hide what they run: send the statements, or call a function with select.'
const CURSOR = 'Cursors in SQL text are refused on the tenant client: use .cursor() on the query.'
const COPY = 'COPY with files and programs of the server is refused on the tenant client: use "copy … from stdin" with .writable(), or "copy … to stdout" with .readable().'
const ROLES = 'Roles, rights and whatever does not live in a schema are common to all tenants: change them as the owner, outside the tenant client.'
const LOCK = 'LOCK is refused on the tenant client, because a locked table may be another tenant\'s too: use select … for update.'
const MAINTENANCE = 'This statement cannot run inside a transaction and so not with a tenant\'s settings: run it as the owner, outside the tenant client.'
const UNKNOWN = 'The tenant client does not know this kind of statement and refuses it: start it with select, insert, update, delete, merge, with or another plain SQL word.'

const REASONS: ReadonlyMap<string, string> = new Map([
  ...['set', 'reset', 'load', 'discard'].map((word) => [word, SESSION] as const),
  ...['prepare', 'execute', 'deallocate', 'explain'].map((word) => [word, PREPARED] as const),
  ...['listen', 'unlisten', 'notify'].map((word) => [word, CHANNEL] as const),
  ...['do', 'call'].map((word) => [word, PROCEDURE] as const),
  ...['declare', 'fetch', 'move', 'close'].map((word) => [word, CURSOR] as const),
  ['copy', COPY],
  ['lock', LOCK],
  ...['grant', 'revoke', 'create', 'alter', 'drop', 'reassign', 'security'].map((word) => [word, ROLES] as const),
  ...['vacuum', 'cluster', 'reindex', 'checkpoint'].map((word) => [word, MAINTENANCE] as const)
])

/** Returns why a statement is refused and what to do instead. */
export function refusalReason (text: string): string {
  return REASONS.get(leadingWords(text, 1)[0] ?? '') ?? UNKNOWN
}

/** Returns why transaction control is refused and what to do instead. */
export function controlReason (text: string): string {
  const [first] = leadingWords(text, 1)
  return first === 'savepoint' || first === 'release' ? SAVEPOINT : TRANSACTION
}
