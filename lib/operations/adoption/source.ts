import { type Static, Type } from '@sinclair/typebox'

const text = Type.String()
const maybe = Type.Union([Type.String(), Type.Null()])

/** One right, as it has to be given again: the words between GRANT and TO, and whose it is. */
const grantSchema = Type.Object({ privilege: text, column: maybe, grantee: text, grantor: text, isGrantable: Type.Boolean() })

const columnSchema = Type.Object({ name: text, type: text, isNotNull: Type.Boolean(), default: maybe, isGenerated: Type.Boolean() })

/** A unique index, and the constraint that it belongs to, if any. */
const keySchema = Type.Object({
  name: text,
  /** `p`, `u` or `x` as the catalog has it; null is an index alone. */
  constraint: maybe,
  /** The columns; an expression is in brackets. */
  columns: Type.Array(text),
  /** What stands behind `create unique index … on …`, from USING on. */
  method: text,
  deferral: text,
  comment: maybe,
  indexComment: maybe,
  /** The views and functions that group by it, and without which it cannot be dropped. */
  dependents: Type.Array(text),
  /** The foreign keys of tables in other schemas that lead to it. */
  outsiders: Type.Array(text),
  isClustered: Type.Boolean(),
  isIdentity: Type.Boolean()
})

const foreignKeySchema = Type.Object({
  name: text,
  columns: Type.Array(text),
  schema: text,
  table: text,
  references: Type.Array(text),
  /** Letters of the catalog. */
  onDelete: text,
  onUpdate: text,
  match: text,
  deferral: text,
  definition: text,
  comment: maybe
})

const sequenceSchema = Type.Object({ schema: text, name: text, isOwned: Type.Boolean(), owner: text, grants: Type.Array(grantSchema) })

const tableSchema = Type.Object({
  name: text,
  owner: text,
  rows: Type.Number(),
  isPlain: Type.Boolean(),
  isSecured: Type.Boolean(),
  comment: maybe,
  /** The tables and materialized views that have a column of the type of its rows. */
  typed: Type.Array(text),
  columns: Type.Array(columnSchema),
  keys: Type.Array(keySchema),
  foreignKeys: Type.Array(foreignKeySchema),
  sequences: Type.Array(sequenceSchema),
  triggers: Type.Array(text),
  grants: Type.Array(grantSchema)
})

const caredForSchema = Type.Object({ kind: text, name: text, reason: text })

const viewFields = {
  oid: text,
  schema: text,
  name: text,
  owner: text,
  grants: Type.Array(grantSchema),
  /** What stands in the brackets of WITH. */
  options: text,
  definition: text,
  /** The statements that make those that fire. */
  triggers: Type.Array(text),
  /** The tables of the schema that it reads, through other views too. */
  tables: Type.Array(text)
}

/** Views as the catalog has them: with the relations that each reads itself. */
export const foundViewsSchema = Type.Array(Type.Object({ ...viewFields, hasRules: Type.Boolean(), readsSequence: Type.Boolean(), reads: Type.Array(text) }))

/** A view of the service over its tables, and why no other can stand in its place. */
const viewSchema = Type.Object({ ...viewFields, obstacle: maybe })

/** What one look into the catalog tells. */
export const catalogSchema = Type.Object({ tables: Type.Array(tableSchema), care: Type.Array(caredForSchema) })

/** What a schema of a single-tenant service holds; its views wherever they are, those first that others read. */
export const sourceSchema = Type.Object({ tables: Type.Array(tableSchema), views: Type.Array(viewSchema), care: Type.Array(caredForSchema) })

export type Source = Static<typeof sourceSchema>
export type SourceTable = Static<typeof tableSchema>
export type SourceView = Static<typeof viewSchema>
export type SourceKey = Static<typeof keySchema>
export type SourceForeignKey = Static<typeof foreignKeySchema>
export type SourceSequence = Static<typeof sequenceSchema>
export type Grant = Static<typeof grantSchema>
/** Something beside tables that somebody has to look at. */
export type CaredFor = Static<typeof caredForSchema>
