import { leadingWords } from './leading-words.ts'

// Each says why, and behind the colon what to do instead.
const TRANSACTION = 'Transaction control is refused on the tenant client, because it would end the tenant\'s settings: use sql.begin(fn), and return or throw to end it.'
const SAVEPOINT = 'Savepoints in SQL text are refused on the tenant client: use tx.savepoint(fn).'
const SESSION = 'Session settings are refused on the tenant client, because the next tenant on the connection would get them: use "set local" inside sql.begin(fn).'
/** `set local app.tenant_id`: in a text of several statements it would hold for those behind it. */
export const TENANT = 'The setting of the tenant is refused on the tenant client, because its context decides who the tenant is: use tenancy.runWithTenant(id, fn).'
const PREPARED = 'Prepared statements in SQL text are refused on the tenant client, because connections are shared between tenants: send the statement itself.'
const CHANNEL = 'LISTEN and NOTIFY in SQL text are refused on the tenant client, because channels belong to the whole database: use sql.listen and sql.notify, which keep them apart by tenant.'
/** `pg_notify` in SQL text. */
export const NOTIFIES = 'pg_notify in SQL text is refused on the tenant client, because channels belong to the whole database: use sql.notify(channel, payload), or tx.notify in a transaction.'
const PROCEDURE = 'DO and CALL are refused on the tenant client, because they can end the transaction and hide what they run: send the statements, or call a function with select.'
const CURSOR = 'Cursors in SQL text are refused on the tenant client: use .cursor() on the query.'
const COPY = 'COPY with files and programs of the server is refused on the tenant client: use "copy … from stdin" with .writable(), or "copy … to stdout" with .readable().'
const ROLES = 'Roles, rights and whatever does not live in a schema are common to all tenants: change them as the owner, outside the tenant client.'
const LOCK = 'LOCK is refused on the tenant client, because a locked table may be another tenant\'s too: use select … for update.'
const MAINTENANCE = 'This statement cannot run inside a transaction and so not with a tenant\'s settings: run it as the owner, outside the tenant client.'
const UNKNOWN = 'The tenant client does not know this kind of statement and refuses it: start it with select, insert, update, delete, merge, with or another plain SQL word.'

const LARGE_OBJECT = 'Large objects are refused on the tenant client, because they belong to no tenant and every tenant can read them: store a bytea column.'
const BACKEND = 'Ending and cancelling sessions is refused on the tenant client, because a session serves many tenants: use .cancel() on the query.'
const LINK = 'dblink is refused on the tenant client, because its connections stay in the session and know no tenant: open a client of your own for the other database.'
const STATEMENTS = 'What a session has prepared is refused on the tenant client, because it is the SQL of every tenant on the connection: look as the owner, outside the tenant client.'
const ESCAPED = 'Names written as U&"…" are refused on the tenant client, because they hide what they name: write the name itself.'

/** Kinds of statements that are refused, by their first words, and why. */
export const REFUSED_STATEMENTS: readonly (readonly [words: readonly string[], reason: string])[] = [
  [['begin', 'start', 'commit', 'end', 'rollback', 'abort'], TRANSACTION],
  [['savepoint', 'release'], SAVEPOINT],
  [['set', 'reset', 'load', 'discard'], SESSION],
  [['prepare', 'execute', 'deallocate', 'explain'], PREPARED],
  [['listen', 'unlisten', 'notify'], CHANNEL],
  [['do', 'call'], PROCEDURE],
  [['declare', 'fetch', 'move', 'close'], CURSOR],
  [['copy'], COPY],
  [['lock'], LOCK],
  [['grant', 'revoke', 'create', 'alter', 'drop', 'reassign', 'security', 'import'], ROLES],
  [['vacuum', 'cluster', 'reindex', 'checkpoint'], MAINTENANCE]
]

/** Names that are refused in any statement, and why. */
export const REFUSED_NAMES: readonly (readonly [names: readonly string[], reason: string])[] = [
  [[
    'lo_close', 'lo_creat', 'lo_create', 'lo_export', 'lo_from_bytea', 'lo_get', 'lo_import', 'lo_lseek', 'lo_lseek64', 'lo_open', 'lo_put',
    'lo_tell', 'lo_tell64', 'lo_truncate', 'lo_truncate64', 'lo_unlink', 'loread', 'lowrite', 'pg_largeobject', 'pg_largeobject_metadata'
  ], LARGE_OBJECT],
  [['pg_notify'], NOTIFIES],
  [['pg_terminate_backend', 'pg_cancel_backend'], BACKEND],
  [['dblink', 'dblink_connect', 'dblink_connect_u', 'dblink_exec', 'dblink_open', 'dblink_fetch', 'dblink_send_query', 'dblink_get_result'], LINK],
  [['pg_prepared_statements', 'pg_prepared_statement'], STATEMENTS],
  [['u&""'], ESCAPED]
]

const BY_WORD: ReadonlyMap<string, string> = new Map(REFUSED_STATEMENTS.flatMap(([words, reason]) => words.map((word) => [word, reason] as const)))
const BY_NAME: ReadonlyMap<string, string> = new Map(REFUSED_NAMES.flatMap(([names, reason]) => names.map((name) => [name, reason] as const)))

/** Returns why a statement is refused and what to do instead. */
export function refusalReason (text: string): string {
  return BY_WORD.get(leadingWords(text, 1)[0] ?? '') ?? UNKNOWN
}

/** Returns why transaction control is refused and what to do instead. */
export function controlReason (text: string): string {
  return leadingWords(text, 1)[0] === 'prepare' ? TRANSACTION : refusalReason(text)
}

/** Returns why one of these names is refused and what to do instead; undefined if all may be used. */
export function nameReason (names: readonly string[]): string | undefined {
  for (const name of names) {
    const reason = BY_NAME.get(name.startsWith('"') ? name.slice(1, -1) : name)
    if (reason !== undefined) return reason
  }
  return undefined
}
