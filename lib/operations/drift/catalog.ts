import type { TransactionSql } from 'postgres'
import { quoteIdentifier } from '../../words/names.ts'
import { OBJECT_KINDS, type ObjectKind } from './kinds.ts'

/** Something that a schema holds. Where its texts name the schema itself, they say {@link HERE}. */
export interface SchemaObject {
  readonly kind: ObjectKind
  readonly object: string
  readonly definition: string
  /** SQL that makes it; empty where there is none. */
  readonly make: string
  readonly drop: string
  /** SQL that turns another one into it. */
  readonly change: string
}

/** What schemas hold, by schema, and then by kind and name. */
export type Catalog = ReadonlyMap<string, ReadonlyMap<string, SchemaObject>>

/** Stands for the schema in texts that are compared; no name in a catalog has the character. */
export const HERE = '\u0001'

/**
 * Reads what schemas hold: one query for each kind, however many schemas there are.
 *
 * @param standsFor — the schema that those are compared with, where they name it: a foreign key to what every tenant reads, beside them.
 */
export async function readCatalog (tx: TransactionSql, schemas: readonly string[], standsFor?: string): Promise<Catalog> {
  await tx.unsafe("set local search_path = ''")
  const catalog = new Map<string, Map<string, SchemaObject>>(schemas.map((schema) => [schema, new Map()]))
  const names = `{${schemas.map((schema) => `"${schema}"`).join()}}`
  for (const kind of OBJECT_KINDS) {
    for (const row of await tx.unsafe(kind.sql, [names])) {
      const schema = String(row['schema'])
      const text = (column: string): string => [schema, ...standsFor === undefined ? [] : [standsFor]].reduce(withoutSchema, row[column] === null || row[column] === undefined ? '' : String(row[column]))
      const object: SchemaObject = { kind, object: text('object'), definition: text('definition'), make: text('make'), drop: text('drop'), change: text('change') }
      catalog.get(schema)?.set(`${kind.kind} ${object.object}`, object)
    }
  }
  return catalog
}

/** Returns a text in which the schema's own name stands. */
export function inSchema (text: string, schema: string): string {
  return text.replaceAll(HERE, quoteIdentifier(schema))
}

/** The name stands in front of a dot, or behind the word SCHEMA; in quotes where PostgreSQL thinks that it needs them. */
function withoutSchema (text: string, schema: string): string {
  const name = schema.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')
  return text.replaceAll(new RegExp(`(?<![\\w$"])(?:${name}|"${name}")(?=\\.)|(?<=\\bschema )(?:${name}|"${name}")(?![\\w$])`, 'g'), HERE)
}
