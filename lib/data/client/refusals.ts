import { SqlRefusedError } from '../../words/errors.ts'
import { type DriverQuery, refusalOf } from '../wire/index.ts'
import { knownText } from './written-query.ts'

/** Why a member of postgres.js is refused on the tenant client, and what to do instead. */
const MEMBERS = {
  file: 'sql.file is not there yet on the tenant client: read the file and give its one statement to sql.unsafe(text).',
  listen: 'sql.listen is not there yet on the tenant client, because channels belong to the whole database: listen on a connection of your own.',
  notify: 'sql.notify is not there yet on the tenant client, because channels belong to the whole database: notify on a connection of your own.',
  subscribe: 'sql.subscribe is refused on the tenant client, because replication ignores row security: subscribe on a connection of your own, outside of requests.',
  largeObject: 'sql.largeObject is refused on the tenant client, because large objects belong to no tenant: store a bytea column.',
  reserve: 'sql.reserve is not there yet on the tenant client: use sql.begin(fn) to keep one connection.',
  end: 'sql.end would end the connections of every tenant: use app.tenancy.close(), or close the application.',
  close: 'sql.close would end the connections of every tenant: use app.tenancy.close(), or close the application.',
  prepare: 'Prepared transactions are refused on the tenant client, because they outlive their connection and hold locks.'
} as const

const QUERY_FORMS = {
  simple: '.simple(), .readable() and .writable() are not there yet on the tenant client: send one statement at a time, and insert many rows with sql(rows).',
  cursor: '.cursor() is not there yet on the tenant client: page through the rows by key, or use .forEach(fn).',
  describe: '.describe() is not there yet on the tenant client: look at the columns of a result (`limit 0`).',
  cancel: '.cancel() is refused on the tenant client, because a cancel can hit the statement of another tenant: set timeouts.statement.'
} as const

const NOT_KNOWN = 'The tenant client cannot tell the kind of this statement, because it starts with a helper: write its first word in the template.'

/** Returns, for each refused member, a function that throws. */
export function refusedMembers (): Record<keyof typeof MEMBERS, () => never> {
  const refuse = (name: keyof typeof MEMBERS) => () => { throw new SqlRefusedError(MEMBERS[name]) }
  return {
    file: refuse('file'),
    listen: refuse('listen'),
    notify: refuse('notify'),
    subscribe: refuse('subscribe'),
    largeObject: refuse('largeObject'),
    reserve: refuse('reserve'),
    end: refuse('end'),
    close: refuse('close'),
    prepare: refuse('prepare')
  }
}

/** Throws for `.cancel()`: postgres.js calls it with the query. */
export function refuseCancel (): never {
  throw new SqlRefusedError(QUERY_FORMS.cancel)
}

/**
 * Throws if a query is of a form or kind that a tenant may not send.
 *
 * @throws {SqlRefusedError} FST_TENANCY_SQL_REFUSED — the message says what to do instead.
 */
export function assertAllowed (query: DriverQuery): void {
  if (query.cursorFn !== undefined) throw new SqlRefusedError(QUERY_FORMS.cursor)
  if (query.onlyDescribe === true) throw new SqlRefusedError(QUERY_FORMS.describe)
  if (query.options.simple === true || query.streaming === true) throw new SqlRefusedError(QUERY_FORMS.simple)
  const text = knownText(query)
  const refusal = refusalOf(text)
  if (refusal !== undefined) throw new SqlRefusedError(text.trim() === '' ? NOT_KNOWN : refusal)
}
