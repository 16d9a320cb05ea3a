import { TENANT_COLUMN } from '../../../words/names.ts'
import type { Table } from './catalog.ts'
import { exampleOf } from './examples.ts'
import type { Call } from './http.ts'
import { ownCallOf } from './journal.ts'
import { type Reference, fill, parametersOf, patternOf, referenceOfName, referencesOfParameter, tableOfUrl } from './references.ts'
import type { Route } from './routes.ts'
import type { Party } from './seed.ts'
import type { CallContext, LeakSuiteOptions, Row, Whose } from './types.ts'
import { isNumber, nobodysValue } from './values.ts'

/** One way to call a route: what its parameters name, and whether everything optional is there. */
export interface Recipe {
  readonly references: ReadonlyMap<string, Reference>
  readonly isFull: boolean
  readonly hasBody: boolean
}

/** A call, and every value in it that names a row. */
export interface PlannedCall {
  readonly call: Call
  readonly sent: readonly string[]
}

/** Who calls, and with whose ids. */
export interface Part {
  readonly caller: Party
  readonly other: Party
  readonly whose: Whose
  /** Another number makes other new values. */
  readonly salt: number
  /** Whether the row is to be deleted: then it is one that nothing refers to. */
  readonly isLast: boolean
}

const MOST_RECIPES = 8

/** Returns the ways to call a route, the likeliest first. */
export function recipesOf (route: Route, tables: readonly Table[], options: LeakSuiteOptions): readonly Recipe[] {
  const own = ownCallOf(route, options)
  const isWrite = !isRead(route)
  let choices: ReadonlyMap<string, Reference>[] = [new Map()]
  for (const name of own.params === undefined ? parametersOf(route.url) : []) {
    const found = referencesOfParameter(tables, route.url, name)
    choices = choices.flatMap((choice) => found.length === 0 ? [choice] : found.map((reference) => new Map([...choice, [name, reference]]))).slice(0, MOST_RECIPES)
  }
  // A write has everything, so that everything is tried; a read nothing that it need not have, so that nothing is filtered.
  const kinds = isWrite ? [[true, true], [false, true], [false, false]] as const : [[false, false], [true, false]] as const
  return choices.flatMap((references) => kinds.map(([isFull, hasBody]) => ({ references, isFull, hasBody }))).slice(0, 2 * MOST_RECIPES)
}

export function isRead ({ method }: Route): boolean {
  return method === 'GET'
}

/** Returns the call that a recipe makes for somebody. */
export function planCall (route: Route, recipe: Recipe, part: Part, tables: readonly Table[], options: LeakSuiteOptions): PlannedCall {
  const { caller } = part
  const sent: string[] = []
  const own = ownCallOf(route, options)
  const context: CallContext = {
    tenant: caller.tenant,
    mark: `${caller.ink}${part.salt}`,
    row: (table) => {
      const row = rowOf(table, part, tables)
      sent.push(...Object.values(row).filter((value) => typeof value !== 'object').map(String))
      return row
    }
  }
  const valueOf = (reference: Reference): unknown => {
    const value = rowOf(reference.table, part, tables)[reference.column]
    if (value !== undefined && value !== null) sent.push(String(value))
    return value ?? undefined
  }
  const params = own.params === undefined ? [...recipe.references].map(([name, reference]) => [name, valueOf(reference)] as const) : Object.entries(own.params(context))
  const schemaParams = Object(Object(route.schema['params']).properties)
  const values = new Map(parametersOf(route.url).map((name): [string, unknown] => [name, exampleOf(schemaParams[name] ?? { type: 'string', pattern: patternOf(route.url, name) }, { mark: 'any', isFull: false, valueOf: () => undefined })]))
  for (const [name, value] of params) values.set(name, value)
  const near = tableOfUrl(tables, route.url)
  const wishes = { mark: context.mark, isFull: recipe.isFull, valueOf: (name: string) => propertyValue(name, near, part, tables, valueOf, sent) }
  const query = own.query?.(context) ?? Object(exampleOf({ ...Object(route.schema['querystring'] ?? route.schema['query']), type: 'object' }, wishes))
  const body = own.body !== undefined ? own.body(context) : recipe.hasBody && !isRead(route) ? bodyOf(route, near, wishes) : undefined
  return {
    call: { method: route.method, path: `${fill(route.url, values)}${queryText(query)}`, headers: { ...route.headers, ...options.headers?.(caller.tenant) ?? caller.tenant.headers, ...own.headers?.(context) }, body },
    sent
  }
}

/** Returns the row whose ids are used; of nobody's, one like the other tenant's that is not there. */
function rowOf (table: string, { caller, other, whose, salt, isLast }: Part, tables: readonly Table[]): Row {
  if (whose === 'own') return caller.rows.get(table)?.at(isLast ? -1 : 0) ?? {}
  const foreign = other.rows.get(table)?.at(isLast ? -1 : 1) ?? {}
  if (whose === 'foreign') return foreign
  const { columns: all = [], constraints = [] } = tables.find(({ name }) => name === table) ?? {}
  // What takes few values is no id, even as a part of a key.
  const ids = new Set(constraints.filter(({ kind }) => kind !== 'check').flatMap(({ columns }) => columns).filter((name) => !all.some((column) => column.name === name && column.labels.length > 0)))
  return Object.fromEntries(Object.entries(foreign).map(([name, value]) => [name, ids.has(name) && value !== null ? nobodysValue(value, salt) : value]))
}

/** Returns the value of a property that names a row, or whose column takes few values; undefined where any will do. */
function propertyValue (name: string, near: Table | undefined, part: Part, tables: readonly Table[], valueOf: (reference: Reference) => unknown, sent: string[]): unknown {
  const reference = referenceOfName(tables, name, near)
  if (reference === undefined) return undefined
  if (reference.table !== near?.name) return valueOf(reference)
  const labels = near.columns.find((column) => column.name === reference.column)?.labels ?? []
  if (labels.length > 0) return labels.at(-1)
  const unique = near.constraints.some(({ kind, columns }) => (kind === 'primary' || kind === 'unique') && columns.includes(reference.column))
  if (!unique) return near.constraints.filter(({ kind, columns }) => kind === 'check' && columns.includes(reference.column)).flatMap(({ literals }) => literals).at(-1)
  if (part.whose === 'foreign') return valueOf(reference)
  // A new row has a key that is not there yet.
  const model = part.other.rows.get(near.name)?.[1]?.[reference.column]
  if (model === undefined || model === null) return undefined
  const fresh = nobodysValue(model, part.salt + part.caller.number)
  sent.push(String(fresh))
  return fresh
}

function bodyOf (route: Route, near: Table | undefined, wishes: Parameters<typeof exampleOf>[1]): unknown {
  const schema: unknown = route.schema['body']
  if (schema !== undefined) return exampleOf(schema, wishes)
  if (route.method === 'DELETE') return undefined
  if (near === undefined) return { name: wishes.mark, title: wishes.mark, text: wishes.mark }
  const columns = near.columns.filter((column) => column.name !== TENANT_COLUMN && !column.isGenerated && (wishes.isFull ? !column.hasDefault : column.isRequired && !column.hasDefault))
  const properties = Object.fromEntries(columns.map((column) => [column.name, { type: isNumber(column) ? 'number' : column.type === 'boolean' ? 'boolean' : 'string' }]))
  return exampleOf({ type: 'object', properties, required: Object.keys(properties) }, wishes)
}

function queryText (query: unknown): string {
  const entries = Object.entries(Object(query)).flatMap(([name, value]) => [value].flat().map((each): [string, string] => [name, String(each)]))
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries).toString()}`
}
