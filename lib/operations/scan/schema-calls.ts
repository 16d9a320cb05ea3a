import type { AllowedSchemas } from '../migrations/index.ts'
import { type Place, placeOf } from './place.ts'
import { type Node, calledName, child, children, word } from './syntax.ts'

/** Drizzle's `pgSchema('crm')`, and `withSchema('crm')` of Knex, Kysely and Objection: the library puts the schema in front of every table. */
const CALLS = new Set(['pgSchema', 'withSchema'])

/** Returns the schema that a script tells a library by name. */
export function schemaCalls (node: Node, statement: number, { everywhere, readable }: AllowedSchemas): readonly Place[] {
  if (node.type !== 'CallExpression' || !CALLS.has(calledName(child(node, 'callee')) ?? '')) return []
  const [given] = children(node, 'arguments')
  const schema = word(given, 'value')
  if (given === undefined || schema === undefined || everywhere.has(schema) || readable.has(schema)) return []
  return [placeOf('schema-name', given.start, [statement])]
}
