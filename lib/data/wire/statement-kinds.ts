import { leadingWords } from './leading-words.ts'
import { isStreamed, namesIn } from './statement-names.ts'
import { NOTIFIES, TENANT, controlReason, nameReason, refusalReason } from './statement-refusals.ts'
import { statementsOf } from './sql-statements.ts'

/** What may become of one statement of a tenant. */
export type StatementKind =
  /** May share a connection with others, each a transaction of its own. */
  | { readonly kind: 'plain' }
  /** Allowed, but on a connection of its own, that is cleaned afterwards. */
  | { readonly kind: 'alone' }
  /** Sets the mode of the transaction it is in: without settings, which would be a query in front of it. */
  | { readonly kind: 'mode' }
  /** Transaction control: only where the connection is thrown away afterwards. */
  | { readonly kind: 'control' }
  /** Notifies a channel by its name on the server: only `sql.notify` itself, which knows the tenant's. */
  | { readonly kind: 'notify' }
  /** `reason` says why, and what to do instead. */
  | { readonly kind: 'refused', readonly reason: string }

/** Tells whether a statement ends its transaction for good, so that nobody knows what is there until it was answered. */
export function isCommit (text: string): boolean {
  const [first = ''] = leadingWords(text, 1)
  return first === 'commit' || first === 'end'
}

const PLAIN: StatementKind = { kind: 'plain' }
const ALONE = { kind: 'alone' } as const
const MODE: StatementKind = { kind: 'mode' }
const CONTROL: StatementKind = { kind: 'control' }
const NOTIFY: StatementKind = { kind: 'notify' }

const READS_AND_WRITES = new Set(['select', 'insert', 'update', 'delete', 'merge', 'with', 'values', 'table', 'explain', 'show'])
const CHANGES = new Set(['comment', 'truncate', 'refresh', 'analyze'])

/** What may be created, altered and dropped: what lives in a schema, and the words that go before. A role is everybody's. */
const IN_A_SCHEMA = new Set([
  'table', 'index', 'unique', 'view', 'materialized', 'recursive', 'sequence', 'type', 'domain', 'function', 'trigger', 'constraint',
  'temp', 'temporary', 'unlogged', 'or', 'aggregate', 'operator', 'collation', 'statistics', 'rule'
])

const ENDS_OR_BEGINS = new Set(['begin', 'start', 'commit', 'end', 'rollback', 'abort', 'savepoint', 'release'])
const TWO_PHASE = new Set(['prepare transaction', 'commit prepared', 'rollback prepared'])

// What reads or leaves something in the session, through functions and views: settings (G-02; an update of pg_settings
// sets one too), locks, numbers, cursors, snapshots; and functions that execute a text, in which all of it can hide.
// Looked for in strings too, since a user's own function may execute them.
const OF_THE_SESSION = /set_config|pg_settings|set_limit|setseed|advisory|lastval|currval|setval|pg_temp|pg_prepared|pg_cursors|pg_listening|export_snapshot|row_security|_to_xml|ts_stat|ts_rewrite|crosstab|connectby|xpath_table/i
// Only as words of their own, behind these words: `temp` alone is a column of somebody's.
const TEMPORARY = /(?:^| )(?:into|create|local|global) temp(?:orary)?(?: |$)/
const RUNS_A_PREPARED = /^(?:\. )*explain (?:.* )?(?:execute|declare)(?: |$)|(?:^| )as execute /
// Of `app`, which the tenant's setting is in too, under whatever spelling.
const OTHER_SETTING = /^(?:\. )*set local app \. (?!tenant_id\b)\w/
/** Without any of these there is no need to read the whole statement. */
const HAS_SUSPECTS = /\bu&"|\btemp|\bexecute\b|\bdeclare\b|\blo_|loread|lowrite|large_?object|backend|dblink|pg_prepared|pg_notify/i

/** Returns what may become of one statement, as the extended protocol takes it. */
export function kindOfStatement (text: string): StatementKind {
  const kind = kindOfWords(leadingWords(text, 3), text)
  if (kind.kind === 'control' || kind.kind === 'mode' || kind.kind === 'refused' || !HAS_SUSPECTS.test(text)) return kind
  const names = namesIn(text)
  const line = names.join(' ')
  const reason = RUNS_A_PREPARED.test(line) ? refusalReason('execute') : nameReason(names)
  if (reason !== undefined) return reason === NOTIFIES ? NOTIFY : { kind: 'refused', reason }
  return TEMPORARY.test(line) ? ALONE : kind
}

function kindOfWords ([first = '', second = '', third = '']: readonly string[], text: string): StatementKind {
  // They outlive their connection and hold locks, and whoever knows the name may end one (G-09).
  if (TWO_PHASE.has(`${first} ${second}`)) return { kind: 'refused', reason: controlReason(text) }
  if (ENDS_OR_BEGINS.has(first)) return CONTROL
  if (READS_AND_WRITES.has(first)) return OF_THE_SESSION.test(text) ? ALONE : PLAIN
  if (CHANGES.has(first)) return ALONE
  if ((first === 'create' || first === 'alter' || first === 'drop') && IN_A_SCHEMA.has(second)) return ALONE
  if (first === 'set' && second === 'transaction' && third !== '') return MODE
  if (first === 'set' && second === 'local' && third === 'app' && !OTHER_SETTING.test(namesIn(text).join(' '))) return { kind: 'refused', reason: TENANT }
  // With a third word: `set local.x` is a session setting with a name that looks like the word.
  if (first === 'set' && (second === 'local' || second === 'constraints') && third !== '') return third === 'session' || third === 'role' ? refused(text) : ALONE
  if (first === 'copy' && isStreamed(text)) return ALONE
  return refused(text)
}

/**
 * Returns what may become of a text of several statements, as the simple protocol takes it: `alone`, `refused`, or `empty`
 * if it has none. Control is refused here: it goes without settings, so only the server itself may say that nothing else
 * is in the text.
 */
export function kindOfText (text: string): Extract<StatementKind, { readonly kind: 'alone' | 'refused' }> | { readonly kind: 'empty' } {
  const statements = statementsOf(text)
  if (statements.length === 0) return { kind: 'empty' }
  for (const statement of statements) {
    const kind = kindOfStatement(statement)
    if (kind.kind === 'refused') return kind
    if (kind.kind === 'notify') return { kind: 'refused', reason: NOTIFIES }
    if (kind.kind === 'control' || kind.kind === 'mode') return { kind: 'refused', reason: controlReason(statement) }
  }
  return ALONE
}

/** What a statement may do beyond the usual. */
export interface StatementRights {
  readonly mayControl: boolean
  readonly mayNotify: boolean
}

/** Returns why a statement of this kind is refused, and what to do instead; undefined if it is not. */
export function refusalOf (kind: StatementKind, text: string, { mayControl, mayNotify }: StatementRights): string | undefined {
  if (kind.kind === 'refused') return kind.reason
  if (kind.kind === 'notify') return mayNotify ? undefined : NOTIFIES
  return kind.kind === 'control' && !mayControl ? controlReason(text) : undefined
}

function refused (text: string): StatementKind {
  return { kind: 'refused', reason: refusalReason(text) }
}

const EXPECTED_TAG = /^(SELECT|INSERT|UPDATE|DELETE|MERGE|COPY|EXPLAIN|SHOW|SET|SET CONSTRAINTS|COMMENT|TRUNCATE TABLE|REFRESH MATERIALIZED VIEW|ANALYZE|(CREATE|ALTER|DROP) .+)( \d+)*$/

/**
 * Tells whether the server's command tag is that of a statement that we let through. The second line behind the kinds:
 * whatever fooled the words cannot fool the server.
 */
export function isExpectedTag (tag: string): boolean {
  return EXPECTED_TAG.test(tag)
}
