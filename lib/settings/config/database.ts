import type { DatabaseOption } from './schema.ts'

/** Start-up parameters that would decide the tenant's settings or role behind our back (rule 7, D-19). */
const FORBIDDEN_PARAMETERS = new Set([
  'search_path', 'options', 'role', 'session_authorization', 'app.tenant_id', 'replication', 'user', 'database', 'client_encoding',
  'standard_conforming_strings', 'row_security', 'session_replication_role'
])

/** Start-up parameters that options of ours decide, and which. */
const OWN_PARAMETERS: ReadonlyMap<string, string> = new Map([
  ['statement_timeout', 'timeouts.statement'], ['idle_in_transaction_session_timeout', 'timeouts.transaction']
])

/** Options of postgres.js that the lanes set themselves. */
const OWN_OPTIONS = ['max', 'max_pipeline', 'socket', 'idle_timeout', 'timeout', 'max_lifetime', 'onclose', 'debug', 'target_session_attrs']

const ENCODED_CONTROL_CHARACTER = /%(0[\da-f]|1[\da-f]|7f)/i

/** Returns what is wrong with a database option, each problem as one sentence. Values are never shown: they hold passwords. */
export function databaseProblems (name: string, database: DatabaseOption): string[] {
  return typeof database === 'string' ? urlProblems(name, database) : optionProblems(name, database)
}

function urlProblems (name: string, text: string): string[] {
  if (hasControlCharacter(text) || ENCODED_CONTROL_CHARACTER.test(text)) return [`${name} must not hold control characters.`]
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol) || url.hostname.includes(',')) {
    return [`${name} must be a URL such as postgres://user:password@host:5432/database (one host).`]
  }
  const problems: string[] = []
  if (url.pathname.length < 2) problems.push(`${name} must name its database: postgres://…/database.`)
  if (url.username === '') problems.push(`${name} must name its user: postgres://user@….`)
  return [...problems, ...parameterProblems(name, [...url.searchParams.keys()])]
}

function optionProblems (name: string, options: Exclude<DatabaseOption, string>): string[] {
  const problems = OWN_OPTIONS
    .filter((option) => Object.hasOwn(options, option))
    .map((option) => `${name}.${option} is set by this package: leave it out (see lanes and timeouts).`)
  if ((options.database ?? options.db) === undefined) problems.push(`${name}.database is required.`)
  if ((options.user ?? options.username) === undefined) problems.push(`${name}.user is required.`)
  if (startUpTexts(options).some(hasControlCharacter)) problems.push(`${name} must not hold control characters.`)
  return [...problems, ...hostProblems(name, options), ...parameterProblems(name, Object.keys(options.connection ?? {}))]
}

/** What the driver writes into the start-up message as it is: a NUL there ends the text and begins another parameter (D-19). */
function startUpTexts (options: Exclude<DatabaseOption, string>): string[] {
  const values: unknown[] = [options.database, options.db, options.user, options.username, ...Object.entries(options.connection ?? {}).flat()]
  return values.map(String)
}

function hostProblems (name: string, options: Exclude<DatabaseOption, string>): string[] {
  const host: unknown = options.host ?? options.hostname
  const isSeveral = Array.isArray(host) || Array.isArray(options.port) || (typeof host === 'string' && host.includes(','))
  return isSeveral ? [`${name}.host must be one host: several are not there yet.`] : []
}

function parameterProblems (name: string, parameters: readonly string[]): string[] {
  return parameters.flatMap((parameter) => {
    const reason = reasonAgainst(parameter.toLowerCase())
    return reason === undefined ? [] : [`${name} must not set the connection parameter "${parameter}": ${reason}.`]
  })
}

function reasonAgainst (parameter: string): string | undefined {
  if (FORBIDDEN_PARAMETERS.has(parameter)) return 'tenant settings belong to a transaction'
  if (OWN_OPTIONS.includes(parameter)) return 'it is set by this package (see lanes and timeouts)'
  const option = OWN_PARAMETERS.get(parameter)
  return option === undefined ? undefined : `use the option ${option}`
}

function hasControlCharacter (text: string): boolean {
  return [...text].some((character) => character < ' ' || character === '\x7f')
}
