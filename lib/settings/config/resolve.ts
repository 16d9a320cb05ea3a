import { Value } from '@sinclair/typebox/value'
import { OptionsInvalidError } from '../../words/errors.ts'
import { isTenantId, parseSchemaName } from '../../words/names.ts'
import type { TenantId } from '../../words/types.ts'
import { databaseProblems } from './database.ts'
import { type Environment, readEnvironment } from './environment.ts'
import { environmentNameOf, schemaProblems } from './problems.ts'
import { type CompleteOptions, type TenancyOptions, optionsSchema } from './schema.ts'

/** The settings after every check: complete, frozen, and the only form that other code sees. */
export type TenancyConfig = Readonly<Omit<CompleteOptions, 'tenantId'> & { tenantId: TenantId }>

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
  const { tenantId } = merged
  if (problems.length > 0 || !isTenantId(tenantId)) throw invalid(problems)
  Object.freeze(merged.agree)
  Object.freeze(merged.lanes)
  Object.freeze(merged.timeouts)
  return Object.freeze({ ...merged, tenantId })
}

/** Fills in defaults. Objects of other packages are passed by: they hold functions and sockets, which cannot be copied. */
function withDefaults (given: Record<string, unknown>): unknown {
  const { database, ownerDatabase, jwt, log, ...own } = given
  const opaque = Object.entries({ database, ownerDatabase, jwt, log }).filter(([, value]) => value !== undefined)
  const defaulted: unknown = Value.Default(optionsSchema, own)
  return Object.assign({}, defaulted, Object.fromEntries(opaque))
}

/** Copies what gets defaults filled in, so that the caller's objects stay as they are; an undefined option is absent. */
function ownCopy (options: TenancyOptions): Record<string, unknown> {
  const copy: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue
    const isGroup = name === 'lanes' || name === 'timeouts' || name === 'agree'
    copy[name] = isGroup ? groupCopy(value) : value
  }
  return copy
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
  if (options.ownerDatabase !== undefined) problems.push(...databaseProblems('ownerDatabase', options.ownerDatabase))
  for (const name of ['sharedSchema', 'extensionsSchema'] as const) {
    if (!isUsableSchema(options[name])) problems.push(`${name} must be a lower-case identifier that is not reserved ("public", "pg_…", "tenant_…").`)
  }
  if (options.sharedSchema === options.extensionsSchema) problems.push('sharedSchema and extensionsSchema must be two schemas.')
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
