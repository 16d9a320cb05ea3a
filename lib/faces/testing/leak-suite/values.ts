import { createHash } from 'node:crypto'
import type { Column, Constraint } from './catalog.ts'

/** A tenant in the eyes of the suite: what only its rows hold, and which number its rows have. */
export interface Marked {
  readonly mark: string
  /** 1 or 2. */
  readonly number: number
}

/** How hard a value is to be refused: a mark, what the catalog says is allowed, the default, nothing. */
export type Boldness = 'mark' | 'allowed' | 'default' | 'null'

/** Returns the next way to fill a column that was refused. */
export function meeker (boldness: Boldness, column: Column): Boldness {
  if (boldness === 'mark') return 'allowed'
  return boldness === 'allowed' && column.hasDefault ? 'default' : 'null'
}

/** The number of the row whose key both tenants have. */
export const SHARED_ROW = 0

/** Returns a key: the same for both tenants in the row {@link SHARED_ROW}, else the tenant's own. */
export function keyValue (column: Column, table: string, { mark, number }: Marked, row: number, isShared: boolean): string {
  const seed = isShared ? `${table}.${column.name}.shared` : `${table}.${column.name}.${mark}.${row}`
  const at = isShared ? 0 : number * 1_000 + row
  if (column.labels.length > 0) return column.labels[at % column.labels.length] ?? ''
  if (isNumber(column)) return String(9_000 + at + (isSmall(column) ? 0 : 71_000_000))
  if (column.type === 'uuid') return uuidOf(seed)
  if (column.type === 'boolean') return String(at % 2 === 1)
  if (/^(timestamp|date)/.test(column.type)) return dayAfter('2001-01-01', at)
  return cut(textFor(column.name, `k${createHash('sha256').update(seed).digest('hex').slice(0, 15)}`), column)
}

/** Returns the value of a column that is no key; null leaves it out. */
export function plainValue (column: Column, boldness: Boldness, checks: readonly Constraint[], { mark, number }: Marked, row: number): string | null {
  if (boldness === 'default') return null
  if (boldness === 'null') return null
  if (column.labels.length > 0) return column.labels[0] ?? null
  const allowed = checks.filter(({ columns }) => columns.includes(column.name)).flatMap(({ literals }) => literals)
  if (boldness === 'allowed' && allowed.length > 0) return allowed[0] ?? null
  if (isText(column)) return boldness === 'mark' ? cut(textFor(column.name, `${mark}${row}`), column) : cut('a', column)
  if (isNumber(column)) return boldness === 'mark' ? String(isSmall(column) ? 100 * number + row : 70_000 * number + row) : '1'
  return otherValue(column, mark)
}

function otherValue ({ type, hasDefault }: Column, mark: string): string | null {
  if (/^jsonb?$/.test(type)) return JSON.stringify({ mark })
  if (/^(text|character varying.*)\[\]$/.test(type)) return `{${mark}}`
  if (isArray(type)) return '{}'
  if (type === 'bytea') return `\\x${Buffer.from(mark).toString('hex')}`
  if (hasDefault) return null
  if (type === 'boolean') return 'false'
  if (type === 'uuid') return uuidOf(mark)
  if (/^(timestamp|date)/.test(type)) return '2024-01-02 03:04:05Z'
  if (/^time/.test(type)) return '03:04:05'
  if (type.startsWith('interval')) return '1 hour'
  if (/^(inet|cidr)$/.test(type)) return '192.0.2.1'
  return null
}

/** Returns a text that holds `mark` and looks like what the name says. */
export function textFor (name: string, mark: string): string {
  if (/mail/i.test(name)) return `${mark}@example.com`
  return /url|uri|link|website/i.test(name) ? `https://example.com/${mark}` : mark
}

export function isText ({ type }: Column): boolean {
  return /^(text|character|citext|"char"|name|bpchar)/.test(type) && !isArray(type)
}

export function isNumber ({ type }: Column): boolean {
  return /^(smallint|integer|bigint|numeric|real|double)/.test(type) && !isArray(type)
}

function isArray (type: string): boolean {
  return type.endsWith('[]')
}

function isSmall ({ type }: Column): boolean {
  return /^(smallint|numeric\()/.test(type)
}

/** Returns a text that fits: the longest that the type takes. */
function cut (text: string, { type }: Column): string {
  const length = /\((\d+)\)/.exec(type)?.[1]
  return length === undefined ? text : text.slice(0, Number(length))
}

function uuidOf (seed: string): string {
  const hex = createHash('sha256').update(seed).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** Returns an id like `value` that nobody has. */
export function nobodysValue (value: unknown, salt: number): unknown {
  if (typeof value === 'number') return value + 500 + salt
  // Of the two that there are, both may be there.
  if (typeof value === 'boolean') return value
  const text = String(value)
  if (/^\d+$/.test(text)) return String(BigInt(text) + 500n + BigInt(salt))
  const [day] = /^\d{4}-\d\d-\d\d(?=$|[T ])/.exec(text) ?? []
  if (day !== undefined) return `${dayAfter(day, 10_000 + salt)}${text.slice(day.length)}`
  const hex = createHash('sha256').update(`nobody ${salt} ${text}`).digest('hex')
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-/i.test(text)) return uuidOf(hex)
  const [before, behind] = [/^https?:\/\/[^/]+\//.exec(text)?.[0] ?? '', /(?<=^[^@\s]+)@[^@\s]+$/.exec(text)?.[0] ?? '']
  return `${before}${`k${hex}`.slice(0, Math.max(1, text.length - before.length - behind.length))}${behind}`
}

function dayAfter (day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}
