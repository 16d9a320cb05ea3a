import { TENANT_COLUMN } from '../../../words/names.ts'
import { type Table, keyOf } from './catalog.ts'

/** The column that a parameter or property is likely to name. */
export interface Reference {
  readonly table: string
  readonly column: string
}

/** Returns the table that a path segment or the beginning of a name means: `user-sessions`, `sessions` and `session` are `user_sessions`. */
export function tableNamed (tables: readonly Table[], word: string): Table | undefined {
  const plain = stem(word)
  if (plain === '') return undefined
  const by = (fits: (name: string) => boolean): Table | undefined => {
    const found = tables.filter(({ name }) => fits(stem(name)))
    return found.length === 1 ? found[0] : undefined
  }
  return by((name) => name === plain) ?? by((name) => name.endsWith(plain)) ?? by((name) => name.startsWith(plain))
}

/** Returns the table that a route is about: the last of its segments that is one. */
export function tableOfUrl (tables: readonly Table[], url: string): Table | undefined {
  return url.replaceAll(PARAMETER, '/').split('/').map((segment) => tableNamed(tables, segment)).findLast((table) => table !== undefined)
}

/** Returns what the parameters of a path may name, the likeliest first. */
export function referencesOfParameter (tables: readonly Table[], url: string, name: string): readonly Reference[] {
  const near = tableOfUrl(tables, url.slice(0, [...url.matchAll(PARAMETER)].find(([text, found]) => (found ?? text) === name)?.index))
  const named = referenceOfName(tables, name, near)
  const others = tables.filter((table) => keyOf(table).length === 1).map((table) => ({ table: table.name, column: keyOf(table)[0] ?? '' }))
  return [...(named === undefined ? [] : [named]), ...others.filter(({ table }) => table !== named?.table)]
}

/** Returns the column that a name means: `deal_id` and `dealId` the key of `deals`, `id` the key of `near`, else a column of `near`. */
export function referenceOfName (tables: readonly Table[], name: string, near: Table | undefined): Reference | undefined {
  const snake = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase().replaceAll('-', '_')
  if (snake === TENANT_COLUMN) return undefined
  const foreign = near?.constraints.find(({ kind, columns }) => kind === 'foreign' && columns.includes(snake))
  if (foreign !== undefined) return { table: foreign.parent, column: foreign.parentColumns[foreign.columns.indexOf(snake)] ?? '' }
  const table = /_(id|key|uuid|no|number)$/.test(snake) ? tableNamed(tables, snake.replace(/_(id|key|uuid|no|number)$/, '')) : undefined
  if (table !== undefined && keyOf(table).length === 1) return { table: table.name, column: keyOf(table)[0] ?? '' }
  if (near === undefined) return undefined
  if (/^(id|key|uuid)$/.test(snake) && keyOf(near).length === 1) return { table: near.name, column: keyOf(near)[0] ?? '' }
  return near.columns.some((column) => column.name === snake) ? { table: near.name, column: snake } : undefined
}

/** The names of the parameters of a path. */
export function parametersOf (url: string): readonly string[] {
  return [...url.matchAll(PARAMETER)].filter(([text]) => text !== '::').map(([text, name]) => name ?? text)
}

/** Returns the pattern that a parameter has to fit: `^\\d+$` of `:id(^\\d+$)`. */
export function patternOf (url: string, parameter: string): string | undefined {
  return [...url.matchAll(PARAMETER)].find(([, name]) => name === parameter)?.[2]
}

/** Returns the path with its parameters filled in. */
export function fill (url: string, values: ReadonlyMap<string, unknown>): string {
  return url.replaceAll(PARAMETER, (text: string, name?: string) => text === '::' ? ':' : encodeURIComponent(String(values.get(name ?? text) ?? '')))
}

/** `:name`, with a pattern or a question mark behind it, or `*`; there may be several between two slashes, and `::` is a colon. */
const PARAMETER = /::|:(\w+)(?:\(((?:[^()]|\([^()]*\))*)\))?\??|\*/g

function stem (word: string): string {
  const plain = word.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  if (plain.endsWith('ies')) return `${plain.slice(0, -3)}y`
  return plain.endsWith('ss') ? plain : plain.replace(/s$/, '')
}
