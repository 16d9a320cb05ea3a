import type { AllowedSchemas } from '../migrations/index.ts'
import { CommandLibrariesError } from '../../words/errors/index.ts'
import type { FindingSeverity } from '../../words/types.ts'
import { connectionStrings } from './connection-strings.ts'
import type { SourceFile } from './files.ts'
import { sqlComments, withoutIgnored } from './ignores.ts'
import { Lines, type Place, placeOf } from './place.ts'
import type { RuleName } from './rules.ts'
import { readScript } from './script-texts.ts'
import { sqlPlaces } from './sql-places.ts'
import { isNode } from './syntax.ts'

/** What the scan is told of the service. */
export interface ScanOptions {
  readonly extensionsSchema: string
  readonly sharedSchema: string
}

/** A place in the code at which a rule is broken. Lines and columns begin at 1. */
export interface CodeFinding {
  readonly rule: RuleName
  readonly severity: FindingSeverity
  readonly file: string
  readonly line: number
  readonly column: number
  /** The schema in front of a name, and where it is in the text of the file, where leaving it out may repair it. */
  readonly removal: { readonly from: number, readonly to: number, readonly name: string } | undefined
}

/**
 * Looks through scripts and SQL for what is the same in every environment, or for every tenant: connection strings, schemas in
 * front of names, search_path, roles, settings. Reads nothing but what it is given.
 *
 * Scripts are parsed as TypeScript; their SQL is what stands in `sql` templates, in the first argument of `unsafe`, `query` and
 * their like, and any other text that reads like SQL (as a warning). Strings joined with `+` are one text.
 *
 * @throws {CommandLibrariesError} FST_TENANCY_CLI_LIBRARIES_MISSING — the parser is not installed.
 */
export async function scanFiles (files: readonly SourceFile[], { extensionsSchema, sharedSchema }: ScanOptions): Promise<readonly CodeFinding[]> {
  const allowed = { everywhere: new Set(['pg_catalog', 'information_schema', extensionsSchema]), readable: new Set([sharedSchema]) }
  const { parseSync } = await import('oxc-parser').catch((cause: unknown) => { throw new CommandLibrariesError('npm install --save-dev oxc-parser diff', { cause }) })
  const parse: Parse = (file) => {
    const { program, errors, comments } = parseSync(file.name, file.text, { astType: 'ts', preserveParens: false })
    return errors.length > 0 ? undefined : { program, comments: comments.map(({ value, start }) => ({ text: value, at: start })) }
  }
  return files.flatMap((file) => findingsOf(file, allowed, parse))
}

interface Parsed {
  readonly program: unknown
  readonly comments: readonly { readonly text: string, readonly at: number }[]
}

type Parse = (file: SourceFile) => Parsed | undefined

function findingsOf (file: SourceFile, allowed: AllowedSchemas, parse: Parse): readonly CodeFinding[] {
  const lines = new Lines(file.text)
  const places = /\.sql$/i.test(file.name) ? sqlFilePlaces(file.text, allowed, lines) : scriptPlaces(file, allowed, lines, parse)
  return [...places].sort((a, b) => a.at - b.at).map(({ rule, severity, at, removal }) => ({
    rule, severity, file: file.name, line: lines.lineOf(at), column: lines.columnOf(at), removal
  }))
}

function sqlFilePlaces (text: string, allowed: AllowedSchemas, lines: Lines): readonly Place[] {
  const places = [...sqlPlaces({ text, base: 0, covers: [], kind: 'sql' }, allowed), ...connectionStrings(text, 0)]
  // A migration that was applied must not change, so nothing is taken out of SQL files.
  return withoutIgnored(places.map(({ removal: _, ...place }) => place), sqlComments(text), lines)
}

function scriptPlaces (file: SourceFile, allowed: AllowedSchemas, lines: Lines, parse: Parse): readonly Place[] {
  const parsed = parse(file)
  if (parsed === undefined || !isNode(parsed.program)) return [placeOf('file-unreadable', 0)]
  const { sql, places } = readScript(file.text, parsed.program, allowed)
  const found = [...places, ...sql.flatMap((text) => sqlPlaces(text, allowed))]
  return withoutIgnored(found, [...parsed.comments, ...sql.flatMap(({ text, base }) => sqlComments(text, base))], lines)
}
