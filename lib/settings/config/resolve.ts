import { Value } from '@sinclair/typebox/value'
import { OptionsInvalidError } from '../../words/errors/index.ts'
import { isTenantId, parseSchemaName } from '../../words/names.ts'
import { DEFAULT_SERVER, type TenantId } from '../../words/types.ts'
import { databaseProblems } from './database.ts'
import { type Environment, readEnvironment } from './environment.ts'
import { environmentNameOf, schemaProblems } from './problems.ts'
import { type CompleteOptions, type TenancyOptions, optionsSchema } from './schema.ts'
import { type SigningConfig, signingOf } from './signing.ts'

/** The settings after every check: complete, frozen, and the only form that other code sees. */
export type TenancyConfig = Readonly<Omit<CompleteOptions, 'tenantId' | 'signing'> & { tenantId: TenantId, signing?: SigningConfig }>

/**
 * Turns what the user wrote and what the environment says into a {@link TenancyConfig}. Options go before environment
 * variables, and those before defaults; nothing is coerced.
 *
 * @throws {OptionsInvalidError} FST_TENANCY_OPTIONS_INVALID — the message lists every problem at once.
 */
export function resolveConfig (options: TenancyOptions, environment: Environment): TenancyConfig {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) throw invalid(['The options must be an object, such as { mode: "multi", database: "postgres://…" }.'])
  const problems: string[] = []
  const given = { ...readEnvironment(environment, problems), ...ownCopy(options) }
  const merged = withDefaults(given)
  problems.push(...schemaProblems(merged))
  if (!Value.Check(optionsSchema, merged)) throw invalid(problems)
  problems.push(...meaningProblems(merged))
  const { tenantId, signing: signingOption, ...rest } = merged
  const signing = signingOf(signingOption, problems)
  if (problems.length > 0 || !isTenantId(tenantId)) throw invalid(problems)
  for (const server of Object.values(merged.servers)) Object.freeze(server)
  Object.freeze(merged.servers)
  Object.freeze(merged.agree)
  Object.freeze(merged.lanes)
  Object.freeze(merged.timeouts)
  return Object.freeze({ ...rest, tenantId, ...(signing === undefined ? {} : { signing }) })
}

/** Fills in defaults. Objects of other packages are passed by: they hold functions and sockets, which cannot be copied. */
function withDefaults (given: Record<string, unknown>): unknown {
  const { database, ownerDatabase, adminDatabase, operatorDatabase, servers, jwt, log, ...own } = given
  const opaque = Object.entries({ database, ownerDatabase, adminDatabase, operatorDatabase, servers, jwt, log }).filter(([, value]) => value !== undefined)
  const defaulted: unknown = Value.Default(optionsSchema, own)
  return Object.assign({}, defaulted, Object.fromEntries(opaque))
}

/** Copies what gets defaults filled in, so that the caller's objects stay as they are; an undefined option is absent. */
function ownCopy (options: TenancyOptions): Record<string, unknown> {
  const copy: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue
    const isGroup = name === 'lanes' || name === 'timeouts' || name === 'agree'
    copy[name] = isGroup ? groupCopy(value) : name === 'servers' ? serversCopy(value) : value
  }
  return copy
}

/** Fills in what a server has by default; its databases are other packages' objects and stay the same. */
function serversCopy (servers: unknown): unknown {
  if (typeof servers !== 'object' || servers === null || Array.isArray(servers)) return null
  return Object.fromEntries(Object.entries(servers).map(([name, server]) => [name, serverCopy(server)]))
}

function serverCopy (server: unknown): unknown {
  const copy = groupCopy(server)
  return typeof copy === 'object' && copy !== null ? { weight: 1, tags: [], ...copy } : copy
}

/** An array would be spread into an empty group, by us or by `Value.Default`, and the wrong value would pass. */
function groupCopy (value: unknown): unknown {
  if (Array.isArray(value)) return null
  return typeof value === 'object' && value !== null ? { ...value } : value
}

/** What no schema can say. */
function meaningProblems (options: CompleteOptions): string[] {
  const problems: string[] = []
  if (!isTenantId(options.tenantId)) {
    problems.push(`tenantId${environmentNameOf('tenantId')} must be 1 to 56 letters, digits, "_" or "-", the first a letter or digit.`)
  }
  problems.push(...databaseProblems('database', options.database))
  for (const role of ['ownerDatabase', 'adminDatabase', 'operatorDatabase'] as const) {
    const database = options[role]
    if (database !== undefined) problems.push(...databaseProblems(role, database))
  }
  if (options.locked && options.signing !== undefined) problems.push('locked and signing exclude each other: what is signed may stand in no SQL text, and what is locked has to.')
  problems.push(...serverProblems(options.servers))
  for (const name of ['sharedSchema', 'extensionsSchema'] as const) {
    if (!isUsableSchema(options[name])) problems.push(`${name} must be a lower-case identifier that is not reserved ("public", "pg_…", "tenant_…").`)
  }
  if (options.sharedSchema === options.extensionsSchema) problems.push('sharedSchema and extensionsSchema must be two schemas.')
  return problems
}

function serverProblems (servers: CompleteOptions['servers']): string[] {
  const problems = Object.hasOwn(servers, DEFAULT_SERVER) ? [`servers.${DEFAULT_SERVER} is the server of "database": give another one another name.`] : []
  for (const [name, server] of Object.entries(servers)) {
    for (const role of ['database', 'ownerDatabase', 'adminDatabase', 'operatorDatabase'] as const) {
      const database = server[role]
      if (database !== undefined) problems.push(...databaseProblems(`servers.${name}.${role}`, database))
    }
  }
  return problems
}

function isUsableSchema (name: string): boolean {
  try {
    return parseSchemaName(name) === name
  } catch {
    return false
  }
}

function invalid (problems: readonly string[]): Error {
  return new OptionsInvalidError(problems.map((problem) => `- ${problem}`).join('\n'))
}
