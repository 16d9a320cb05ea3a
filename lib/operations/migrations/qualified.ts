import { CONTROL_SCHEMA } from '../../words/names.ts'
import { type Piece, Pieces } from './names.ts'
import { SchemaPlaces } from './schema-places.ts'
import { changesPath } from './search-path.ts'

/** What a migration may put in front of a name. */
export interface AllowedSchemas {
  /** Anywhere. */
  readonly everywhere: ReadonlySet<string>
  /** Where rows are read or referred to and functions are called, and not where something is made or changed. */
  readonly readable: ReadonlySet<string>
}

/** A place in a statement that names a schema. */
export interface SchemaName {
  /** The number of lines in front of it. */
  readonly line: number
  readonly what: 'name' | 'path' | 'schema'
  /** Where it begins in the text; of what is inside a string, where that begins. */
  readonly at: number
  readonly isInString: boolean
  /** The name, part by part, where it is one. */
  readonly path: readonly string[]
  /** Where what follows the schema begins, where it is a name that is not inside a string. */
  readonly rest?: number
}

const TEXT_FUNCTIONS = new Set(['nextval', 'currval', 'setval', 'to_regclass', 'to_regtype', 'pg_get_serial_sequence'])
const REGISTERED = /^reg(class|type|proc|procedure|oper|operator|config|dictionary|collation)$/
const TEXT_NAME = /^\s*("(?:[^"]|"")+"|[a-z_][\w$]*)\s*\.\s*["\w]/i
const READING = new Set(['join', 'references', 'tables', 'as', 'from', 'using', 'returns', 'setof', 'collate'])

/** Returns the first place where a statement names a schema that is not allowed, or undefined. */
export function findSchemaName (sql: string, allowed: AllowedSchemas): SchemaName | undefined {
  return schemaNamesIn(sql, allowed).next().value ?? undefined
}

/**
 * Gives every place where a statement names a schema that is not allowed.
 *
 * It knows by what stands around a name whether its first part is a schema: `d.id` in a condition is a column, `d.id` behind
 * FROM is a table, `d.id(` is a function. Bodies of routines and DO blocks are read too, where variables have dots as well;
 * texts that a body puts together are not.
 */
export function * schemaNamesIn (sql: string, allowed: AllowedSchemas, isBody = false): Generator<SchemaName, undefined> {
  const pieces = new Pieces(sql)
  const places = new SchemaPlaces(pieces, isBody)
  for (const [at, piece] of pieces.all.entries()) {
    places.note(at)
    if (changesPath(pieces, at, allowed.everywhere)) yield placeOf(piece, 'path')
    else if (namesSchema(pieces, at, allowed)) yield placeOf(piece, 'schema')
    else if (piece.kind === 'name' && isForeignName(pieces, places, at, allowed, isBody)) yield placeOf(piece, 'name')
    else if (piece.kind === 'string') yield * namesInString(pieces, at, piece, allowed, isBody)
  }
}

function placeOf ({ line, at, path, rest }: Piece, what: SchemaName['what'], isInString = false): SchemaName {
  return { line, what, at, path, isInString, ...(rest === undefined || isInString ? {} : { rest }) }
}

function isForeignName (pieces: Pieces, places: SchemaPlaces, at: number, { everywhere, readable }: AllowedSchemas, isBody: boolean): boolean {
  const [schema, ...rest] = pieces.all[at]?.path ?? []
  if (schema === undefined || rest.length === 0 || everywhere.has(schema)) return false
  const introducer = places.introducer(at)
  const isCall = pieces.all[at + 1]?.kind === 'open'
  // What the current tenant is has to be asked where it is known, and is the same function for all.
  if (introducer === undefined && isCall && rest.length === 1 && schema === CONTROL_SCHEMA && rest[0] === 'current_tenant') return false
  if (introducer === undefined && !isCall && !places.isType(at) && (rest.length === 1 || isBody)) return false
  if (!readable.has(schema)) return true
  const isChange = introducer !== undefined && !READING.has(introducer) && !(introducer === 'function' && pieces.word(at - 2) === 'execute')
  return isChange || (introducer === 'from' && pieces.word(at - 2) === 'delete')
}

/** CREATE, DROP and ALTER SCHEMA, `set schema`, `in schema`. */
function namesSchema (pieces: Pieces, at: number, { everywhere }: AllowedSchemas): boolean {
  const name = pieces.all[at + 1]
  if (pieces.word(at) !== 'schema' || name === undefined || (name.kind !== 'name' && name.kind !== 'string')) return false
  const before = pieces.word(at - 1) ?? ''
  const isSchema = at === 1 ? ['create', 'drop', 'alter', 'set'].includes(before) : ['set', 'in', 'on'].includes(before)
  return isSchema && !everywhere.has(name.path[0])
}

function * namesInString (pieces: Pieces, at: number, piece: Piece, allowed: AllowedSchemas, isBody: boolean): Generator<SchemaName> {
  const { path: [text], line } = piece
  const { all } = pieces
  const called = all[at - 1]?.kind === 'open' ? all[at - 2]?.path.at(-1) ?? '' : ''
  const cast = all[at + 1]?.path[0] === ':' ? all[at + 3]?.path.at(-1) ?? '' : ''
  if (TEXT_FUNCTIONS.has(called) || REGISTERED.test(cast)) {
    if (isForeignText(text, allowed)) yield placeOf(piece, 'name', true)
    return
  }
  if (!isBodyAt(pieces, at) || isBody) return
  for (const found of schemaNamesIn(text, allowed, true)) yield { ...placeOf({ ...piece, path: [found.path[0] ?? '', ...found.path.slice(1)] }, found.what, true), line: line + found.line }
}

/** Tells whether a string is the body of a routine or of a DO block. */
export function isBodyAt (pieces: Pieces, at: number): boolean {
  return pieces.all[at]?.kind === 'string' && (pieces.word(0) === 'do' || (pieces.isAbout('function', 'procedure') && pieces.word(at - 1) === 'as'))
}

/** Tells whether a text such as 'shared.deals_id_seq' is the name of something in a schema that is not allowed. */
function isForeignText (text: string, { everywhere, readable }: AllowedSchemas): boolean {
  const schema = TEXT_NAME.exec(text)?.[1]
  if (schema === undefined) return false
  const name = schema.startsWith('"') ? schema.slice(1, -1).replaceAll('""', '"') : schema.toLowerCase()
  return !everywhere.has(name) && !readable.has(name)
}
