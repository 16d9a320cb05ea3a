import { randomBytes } from 'node:crypto'
import type { Sql, TransactionSql } from 'postgres'
import { TENANT_COLUMN, TENANT_SETTING, quoteIdentifier, quoteLiteral } from '../../../words/names.ts'
import type { TestTenant } from '../tenant-database.ts'
import { type Column, type Table, hasTenantColumn, keyOf, quotedTable } from './catalog.ts'
import type { Row, SeedContext } from './types.ts'
import { type Boldness, SHARED_ROW, keyValue, meeker, plainValue } from './values.ts'

/** A tenant of the suite, with what its rows are known by. */
export interface Party {
  readonly tenant: TestTenant
  readonly number: number
  /** A text that only the rows hold which it was given. */
  readonly mark: string
  /** A text that only its own requests write. */
  readonly ink: string
  readonly schema: string
  /** The rows that it was given, by table: the first has a key that the other tenant has too, where the schema allows it. */
  readonly rows: Map<string, readonly Row[]>
  /** Tables that could not be given rows, and why. */
  readonly unseeded: Map<string, string>
}

export function partyOf (tenant: TestTenant, number: number, schema: string): Party {
  // Letters and digits only, so that it reads the same in a URL, in JSON and in HTML.
  return { tenant, number, mark: `zk${number}${randomBytes(5).toString('hex')}`, ink: `zi${number}${randomBytes(5).toString('hex')}`, schema, rows: new Map(), unseeded: new Map() }
}

const ATTEMPTS = 40

/** So many rows of a table that a hook filled are called with. */
const MOST_TAKEN = 10

/**
 * Gives a tenant `count` rows in every table, as the superuser, and one more where others refer to it: the last one is
 * referred to by nothing, and can be deleted. What fails for one table leaves that table empty.
 */
export async function seedParty (sql: Sql, tables: readonly Table[], party: Party, count: number): Promise<void> {
  await asTenant(sql, party, async (tx) => {
    for (const table of tables) {
      const made: Row[] = [...party.rows.get(table.name) ?? []]
      try {
        while (made.length < count + (isReferred(tables, table) ? 1 : 0)) made.push(await insertRow(tx, tables, table, party, made.length))
      } catch (error) {
        party.unseeded.set(table.name, error instanceof Error ? error.message : String(error))
      }
      party.rows.set(table.name, made)
    }
  })
}

/** Takes the rows that a hook wrote where none could be made up, in their order, and gives rows to what refers to them. */
export async function seedBehind (sql: Sql, tables: readonly Table[], party: Party, count: number): Promise<void> {
  const empty = tables.filter(({ name }) => party.unseeded.has(name))
  await asTenant(sql, party, async (tx) => {
    for (const table of empty) {
      const rows = await tx.unsafe(`select to_jsonb(t) as row from ${quotedTable(party.schema, table.name)} t
        ${hasTenantColumn(table) ? `where ${quoteIdentifier(TENANT_COLUMN)}::text = ${quoteLiteral(party.tenant.id)}` : ''} order by ctid limit ${MOST_TAKEN}`)
      if (rows.length === 0) continue
      party.unseeded.delete(table.name)
      party.rows.set(table.name, rows.map(({ row }) => Object(row)))
    }
  })
  await seedParty(sql, empty.filter(({ name }) => party.unseeded.delete(name)), party, count)
}

function isReferred (tables: readonly Table[], { name }: Table): boolean {
  return tables.some(({ constraints }) => constraints.some(({ kind, parent }) => kind === 'foreign' && parent === name))
}

/** Runs `fn` as the superuser with the tenant's settings, for defaults and triggers. */
export async function asTenant<T> (sql: Sql, party: Party, fn: (tx: TransactionSql) => Promise<T>): Promise<T> {
  const boxed = await sql.begin(async (tx) => {
    await tx`select pg_catalog.set_config(${TENANT_SETTING}, ${party.tenant.id}, true), pg_catalog.set_config('search_path', ${`${quoteIdentifier(party.schema)}, pg_temp`}, true)`
    return { value: await fn(tx) }
  })
  return boxed.value
}

/** What the hook of the user's gets. */
export function seedContextOf (tx: TransactionSql, { tenant, mark, schema }: Party): SeedContext {
  return { tenant, mark, schema, query: async (text, parameters = []) => [...await tx.unsafe(text, parameters.map((value) => value === null ? null : String(value)))] }
}

/** Puts rows back that a call deleted, so that the next call finds them. */
export async function restoreRows (sql: Sql, tables: readonly Table[], party: Party): Promise<void> {
  await asTenant(sql, party, async (tx) => {
    for (const table of tables) {
      for (const row of party.rows.get(table.name) ?? []) {
        const names = table.columns.filter(({ isGenerated, name }) => name in row && !isGenerated).map(({ name }) => quoteIdentifier(name)).join(', ')
        const target = quotedTable(party.schema, table.name)
        await tx.savepoint((point) => point.unsafe(`insert into ${target} (${names}) overriding system value
          select ${names} from jsonb_populate_record(null::${target}, ${quoteLiteral(JSON.stringify(row))}::jsonb) on conflict do nothing`)).catch(() => {})
      }
    }
  })
}

async function insertRow (tx: TransactionSql, tables: readonly Table[], table: Table, party: Party, index: number): Promise<Row> {
  const boldness = new Map<string, Boldness>()
  let isShared = index === SHARED_ROW
  for (let attempt = 0; ; attempt++) {
    const values = valuesOf(tables, table, party, index, isShared, boldness)
    try {
      return await tx.savepoint(async (point) => await insert(point, table, party, values))
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
      // A key that tenants share cannot be in both: this tenant gets one of its own.
      if (codeOf(error) === '23505' && isShared) isShared = false
      else if (!soften(table, error, boldness)) throw error
    }
  }
}

async function insert (point: TransactionSql, table: Table, { schema }: Party, values: ReadonlyMap<string, string>): Promise<Row> {
  const target = quotedTable(schema, table.name)
  const names = [...values.keys()].map(quoteIdentifier).join(', ')
  const [row] = await point.unsafe(values.size === 0
    ? `insert into ${target} as t default values returning to_jsonb(t) as row`
    : `insert into ${target} as t (${names}) overriding system value values (${[...values.values()].map(quoteLiteral).join(', ')}) returning to_jsonb(t) as row`)
  return Object(row?.['row'])
}

function valuesOf (tables: readonly Table[], table: Table, party: Party, index: number, isShared: boolean, boldness: ReadonlyMap<string, Boldness>): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  if (hasTenantColumn(table)) values.set(TENANT_COLUMN, party.tenant.id)
  for (const { kind, columns, parent, parentColumns } of table.constraints) {
    if (kind !== 'foreign') continue
    const row = party.rows.get(parent)?.[index] ?? party.rows.get(parent)?.[0]
    columns.forEach((name, at) => {
      const value = row?.[parentColumns[at] ?? '']
      if (value !== undefined && value !== null && !values.has(name)) values.set(name, String(value))
    })
  }
  const keys = keyOf(table)
  const checks = table.constraints.filter(({ kind }) => kind === 'check')
  const references = new Set(table.constraints.filter(({ kind, parent }) => kind === 'foreign' && tables.some(({ name }) => name === parent)).flatMap(({ columns }) => columns))
  for (const column of table.columns) {
    if (values.has(column.name) || references.has(column.name) || isComputed(column, keys)) continue
    const value = keys.includes(column.name) ? keyValue(column, table.name, party, index, isShared) : plainValue(column, boldness.get(column.name) ?? 'mark', checks, party, index)
    if (value !== null) values.set(column.name, value)
  }
  return values
}

/** A generated column is the server's; an identity is one that may be a key of ours. */
function isComputed (column: Column, keys: readonly string[]): boolean {
  return column.isGenerated && !keys.includes(column.name)
}

/** Makes the columns that an error may be about meeker. False if there is nothing left to try. */
function soften (table: Table, error: unknown, boldness: Map<string, Boldness>): boolean {
  const constraint = String(Reflect.get(Object(error), 'constraint_name') ?? '')
  const named = String(Reflect.get(Object(error), 'column_name') ?? '')
  const suspects = table.constraints.find(({ name, kind }) => name === constraint && kind !== 'primary')?.columns ?? (named === '' ? table.columns.map(({ name }) => name) : [named])
  let isChanged = false
  for (const column of table.columns) {
    const now = boldness.get(column.name) ?? 'mark'
    if (!suspects.includes(column.name) || now === 'null' || now === 'default') continue
    boldness.set(column.name, meeker(now, column))
    isChanged = true
  }
  return isChanged
}

function codeOf (error: unknown): string {
  return String(Reflect.get(Object(error), 'code') ?? '')
}
