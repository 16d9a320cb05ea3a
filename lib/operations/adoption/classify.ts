import { TENANT_COLUMN } from '../../words/names.ts'
import type { Source, SourceTable } from './source.ts'

/**
 * What a table is: `tenant` holds rows of the tenant, `derived` does so because of a parent that it refers to, `shared` is
 * read by every tenant and holds nobody's rows, `ignore` stays where it is and no tenant sees it.
 */
export const TABLE_CLASSES = ['tenant', 'derived', 'shared', 'ignore'] as const

export type TableClass = typeof TABLE_CLASSES[number]

/** What a table is taken for, and why. */
export interface Classification {
  readonly class: TableClass
  readonly confidence: 'high' | 'medium' | 'low'
  readonly reasons: readonly string[]
}

/** Ledgers of migration tools, and what extensions keep. */
const LEDGERS = /^(schema_?migrations?(_lock)?|migrations?|_?prisma_migrations|knex_migrations(_lock)?|pgmigrations|__?drizzle_migrations|flyway_schema_history|alembic_version|ar_internal_metadata|databasechangelog(lock)?|goose_db_version|spatial_ref_sys|typeorm_metadata)$/i

const REFERENCE_NAMES = /^(countries|currencies|languages|locales|time_?zones|regions|units|holidays|exchange_rates|(.*_)?(types?|kinds|categories|statuses|stages|lookups?|enums?|codes))$/i

/** Columns that only rows of somebody have. */
const PERSONAL = /(^|_)(email|user|user_id|owner|owner_id|operator|operator_id|created_by|customer|account|session|token|password|idempotency_key|actor|actor_id)($|_)/i

/**
 * Says of each table what it is taken for, from foreign keys and names. It is a proposal: whatever it is not sure of it calls a tenant's, because a
 * table that is wrongly a tenant's shows too little, and one that is wrongly shared shows everything.
 */
export function classify ({ tables }: Source): ReadonlyMap<string, Classification> {
  const byName = new Map(tables.map((table) => [table.name, table]))
  const children = new Map<string, string[]>()
  for (const table of tables) for (const { table: parent } of table.foreignKeys) children.set(parent, [...children.get(parent) ?? [], table.name])
  const found = new Map<string, Classification>()
  for (const table of tables) found.set(table.name, byItself(table, children.get(table.name) ?? []))
  for (const table of tables) {
    const own = found.get(table.name)
    if (own?.class !== 'tenant') continue
    const parent = table.foreignKeys.find(({ table: name }) => name !== table.name && byName.has(name) && ['tenant', 'derived'].includes(found.get(name)?.class ?? ''))
    if (parent === undefined) continue
    found.set(table.name, { class: 'derived', confidence: 'high', reasons: [`its rows belong to rows of ${parent.table} (${parent.columns.join(', ')})`, ...own.reasons] })
  }
  return found
}

function byItself (table: SourceTable, children: readonly string[]): Classification {
  const { name, columns, foreignKeys, rows } = table
  if (LEDGERS.test(name)) return { class: 'ignore', confidence: 'high', reasons: ['its name is that of a ledger of migrations or of an extension'] }
  if (columns.some((column) => column.name === TENANT_COLUMN)) return { class: 'tenant', confidence: 'high', reasons: [`it has a column ${TENANT_COLUMN}`] }
  const personal = columns.find((column) => PERSONAL.test(column.name))
  if (personal !== undefined) return { class: 'tenant', confidence: 'high', reasons: [`it has the column ${personal.name}`] }
  const referring = [...new Set(children)].sort().join(', ')
  if (REFERENCE_NAMES.test(name) && foreignKeys.length === 0 && children.length > 0) {
    return { class: 'shared', confidence: rows < 10_000 ? 'medium' : 'low', reasons: ['its name is that of a reference table, and it refers to none', `${referring} refer to it`] }
  }
  if (children.length > 0) return { class: 'tenant', confidence: 'medium', reasons: [`${referring} refer to it`] }
  return { class: 'tenant', confidence: 'low', reasons: ['nothing says that it is anything else'] }
}
