import { createHash } from 'node:crypto'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { AdoptionPlanError } from '../../words/errors/index.ts'
import { TENANT_COLUMN, isTenantId } from '../../words/names.ts'
import { TABLE_CLASSES, classify } from './classify.ts'
import type { Source, SourceTable } from './source.ts'

/** The strategies that an adoption can end in: a database of the tenant's own is a move from there. */
export const ADOPTION_TARGETS = ['rls', 'schema', 'schema+rls'] as const

export type AdoptionTarget = typeof ADOPTION_TARGETS[number]

const closed = { additionalProperties: false }

const tableSchema = Type.Object({
  name: Type.String(),
  /** What it is; the team's to change. */
  class: Type.Union(TABLE_CLASSES.map((name) => Type.Literal(name))),
  confidence: Type.Union([Type.Literal('high'), Type.Literal('medium'), Type.Literal('low')]),
  reasons: Type.Array(Type.String()),
  /** What becomes of it, for whoever reviews: it follows from `class` and the target. */
  changes: Type.Array(Type.String()),
  /** What the catalog said of it; another shape is another table. */
  shape: Type.String({ pattern: '^[0-9a-f]{16}$' })
}, closed)

/** A plan, as its file holds it. */
export const planSchema = Type.Object({
  version: Type.Literal(1),
  schema: Type.String({ minLength: 1 }),
  tenant: Type.String(),
  target: Type.Union(ADOPTION_TARGETS.map((name) => Type.Literal(name))),
  /** The last tenant migration that the tables have had already, or null where there are none. */
  baseline: Type.Union([Type.String(), Type.Null()]),
  /** The same of the shared migrations. */
  sharedBaseline: Type.Union([Type.String(), Type.Null()]),
  tables: Type.Array(tableSchema),
  /** What is no table and needs somebody's decision: nothing is enforced before all of it is accepted. */
  care: Type.Array(Type.Object({ kind: Type.String(), name: Type.String(), reason: Type.String(), accepted: Type.Boolean() }, closed))
}, closed)

export type AdoptionPlan = Static<typeof planSchema>

export type PlannedTable = Static<typeof tableSchema>

/** What a plan is to be of. */
export interface PlanRequest {
  /** The schema that holds the tables of the service. */
  readonly schema: string
  /** The id that the one tenant gets. */
  readonly tenant: string
  readonly target: AdoptionTarget
  readonly baseline: string | null
  readonly sharedBaseline: string | null
}

/** Proposes a plan. The same catalog makes the same plan, so that a file of it can be compared line by line. */
export function proposePlan (source: Source, request: PlanRequest): AdoptionPlan {
  const classes = classify(source)
  const tables = source.tables.map((table) => {
    const { class: kind, confidence, reasons } = classes.get(table.name) ?? { class: 'tenant', confidence: 'low', reasons: [] }
    return { name: table.name, class: kind, confidence, reasons: [...reasons], changes: changesOf(table, kind, request.target), shape: shapeOf(table) }
  })
  return { version: 1, ...request, tables, care: source.care.map((care) => ({ ...care, accepted: false })) }
}

/**
 * Returns a plan that was read from a file.
 *
 * @throws {AdoptionPlanError} FST_TENANCY_ADOPTION_PLAN — it is none.
 */
export function parsePlan (value: unknown): AdoptionPlan {
  if (!Value.Check(planSchema, value)) {
    const problems = [...Value.Errors(planSchema, value)].slice(0, 10).map(({ path, message }) => `- ${path === '' ? 'the file' : path}: ${message}`)
    throw new AdoptionPlanError(problems.join('\n'))
  }
  if (!isTenantId(value.tenant)) throw new AdoptionPlanError('- tenant must be 1 to 56 letters, digits, "_" or "-", the first a letter or digit.')
  return value
}

/** Whether tables of this class are the tenant's. */
export function isTenants (kind: PlannedTable['class']): boolean {
  return kind === 'tenant' || kind === 'derived'
}

/** Returns what of a table must not change between the plan and its use. */
export function shapeOf ({ columns, keys, foreignKeys }: SourceTable): string {
  const shape = [
    columns.map(({ name, type, isNotNull }) => [name, type, isNotNull]),
    keys.map(({ name, constraint, columns, method }) => [name, constraint, columns, method]),
    foreignKeys.map(({ name, definition }) => [name, definition])
  ]
  return createHash('sha256').update(JSON.stringify(shape)).digest('hex').slice(0, 16)
}

/** Says in words what becomes of a table. */
function changesOf (table: SourceTable, kind: PlannedTable['class'], target: AdoptionTarget): string[] {
  if (kind === 'ignore') return ['stays where it is; no tenant sees it']
  if (kind === 'shared') return ['goes to the shared schema; every tenant reads it and none changes it']
  const keys = table.keys.map(({ name, columns }) => `the key ${name} (${columns.join(', ')}) becomes (${[TENANT_COLUMN, ...columns].join(', ')}): "on conflict (${columns.join(', ')})" has to name ${TENANT_COLUMN} too`)
  const foreign = table.foreignKeys.map(({ name, columns, table: parent }) => `the foreign key ${name} (${columns.join(', ')}) to ${parent} begins with ${TENANT_COLUMN}, if ${parent} is a tenant's`)
  const sequences = table.sequences.map(({ name, isOwned }) => target === 'rls'
    ? `the sequence ${name} is drawn from by every tenant: its gaps tell how many rows others write`
    : `the sequence ${name} goes with the table and is the tenant's own${isOwned ? '' : '; code that names it must leave the schema out'}`)
  return [
    ...(target === 'schema' ? [] : [`gets the column ${TENANT_COLUMN} text not null; its rows are the tenant's, and none is written anew`]),
    ...(target === 'rls' ? [...keys, ...foreign] : []),
    ...sequences,
    ...table.triggers.map((name) => `the trigger ${name} stays: see that its function finds its tables`)
  ]
}
