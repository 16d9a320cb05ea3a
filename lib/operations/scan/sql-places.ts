import { type AllowedSchemas, Pieces, isBodyAt, schemaNamesIn, splitStatements } from '../migrations/index.ts'
import { TENANT_SETTING } from '../../words/names.ts'
import type { FindingSeverity } from '../../words/types.ts'
import { type Place, placeOf } from './place.ts'
import type { RuleName } from './rules.ts'

/** A text that is SQL, or may be. */
export interface SqlText {
  /** As long as what stands in the file, so that offsets are the same. */
  readonly text: string
  /** Where it begins in the file. */
  readonly base: number
  /** Other offsets that a comment may stand in front of. */
  readonly covers: readonly number[]
  /** `sql`: it is sent. `maybe`: it only reads like SQL. */
  readonly kind: 'sql' | 'maybe'
}

const QUERIES = new Set(['select', 'insert', 'update', 'delete', 'merge', 'with', 'values', 'from', 'where', 'join', 'left', 'inner', 'and'])

/** Returns what the rules say about SQL, statement by statement. */
export function sqlPlaces (sql: SqlText, allowed: AllowedSchemas): readonly Place[] {
  const severity: { readonly severity?: FindingSeverity } = sql.kind === 'maybe' ? { severity: 'warning' } : {}
  return splitStatements(sql.text).flatMap(({ text, at, words }) => {
    const base = sql.base + at
    const covers = [...sql.covers, sql.base, base]
    const places = [...schemaPlaces(text, base, covers, allowed, QUERIES.has(words[0] ?? '')), ...settingPlaces(text, base, covers)]
    return places.map((place) => ({ ...place, ...severity }))
  })
}

function schemaPlaces (text: string, base: number, covers: readonly number[], allowed: AllowedSchemas, isQuery: boolean): readonly Place[] {
  const isMade = /^create\b/i.test(text)
  return [...schemaNamesIn(text, allowed)].map(({ what, at, path, rest, line, isInString }) => {
    const [schema, name] = path
    const rule: RuleName = what === 'path' ? 'search-path' : isMade && what === 'name' && schema === 'public' ? 'create-in-public' : 'schema-name'
    // Inside a string offsets are not those of the file, and lines are.
    const place = placeOf(rule, base + (isInString ? startOfLine(text, line, at) : at), covers)
    const canGo = what === 'name' && isQuery && rest !== undefined && name !== undefined
    return canGo ? { ...place, removal: { from: base + at, to: base + rest, name } } : place
  })
}

function startOfLine (text: string, line: number, least: number): number {
  let at = 0
  for (let passed = 0; passed < line; passed++) at = text.indexOf('\n', at) + 1
  return Math.max(at, least)
}

function settingPlaces (text: string, base: number, covers: readonly number[]): readonly Place[] {
  // Inside a body offsets are not those of the file, and lines are.
  return [...settingsIn(new Pieces(text))].map(({ rule, at, line, isInBody }) => placeOf(rule, base + (isInBody ? startOfLine(text, line, at) : at), covers))
}

interface Setting {
  readonly rule: RuleName
  readonly at: number
  readonly line: number
  readonly isInBody: boolean
}

/** Changes of the role and of settings, in bodies of routines and DO blocks too. Of search_path the search for schemas tells. */
function * settingsIn (pieces: Pieces, isInBody = false): Generator<Setting> {
  const isDefinition = pieces.isAbout('function', 'procedure', 'routine')
  for (const [index, { kind, path, at, line }] of pieces.all.entries()) {
    const rule = kind === 'name' && path.at(-1) === 'set_config' && pieces.all[index + 1]?.kind === 'open'
      ? ruleOfCall(pieces.all[index + 2]?.path[0] ?? '')
      : isSet(pieces, index) && !isDefinition ? ruleOfSet(pieces, index) : undefined
    if (rule !== undefined) yield { rule, at, line, isInBody }
    if (!isInBody && isBodyAt(pieces, index)) for (const found of settingsIn(new Pieces(path[0]), true)) yield { ...found, at, line: line + found.line }
  }
}

function ruleOfCall (setting: string): RuleName | undefined {
  const name = setting.toLowerCase()
  if (name === 'search_path') return undefined
  if (name === 'role' || name === 'session_authorization') return 'set-role'
  return name === TENANT_SETTING ? 'tenant-setting' : 'set-config'
}

/** SET and RESET as statements, alone or in a body: in `update … set` and `on conflict do update set` the word stands elsewhere. */
function isSet (pieces: Pieces, at: number): boolean {
  if (!['set', 'reset'].includes(pieces.word(at) ?? '')) return false
  return at === 0 || pieces.all[at - 1]?.path[0] === ';' || ['begin', 'then', 'else', 'loop'].includes(pieces.word(at - 1) ?? '')
}

function ruleOfSet (pieces: Pieces, at: number): RuleName | undefined {
  const next = ['local', 'session'].includes(pieces.word(at + 1) ?? '') && pieces.word(at + 2) !== undefined ? at + 2 : at + 1
  if (pieces.word(next) === 'role' || pieces.word(next) === 'authorization') return 'set-role'
  return pieces.all[next]?.path.join('.') === TENANT_SETTING ? 'tenant-setting' : undefined
}
