import { TransferMismatchError } from '../../words/errors/index.ts'
import { TENANT_COLUMN, quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import type { Tenant } from '../../words/types.ts'
import { strategyOf } from '../../data/isolation/index.ts'
import { inForeignKeyOrder } from './order.ts'
import type { ColumnShape, TableShape } from './shape.ts'

/** One table at one of the two places. Everything is quoted. */
export interface TableEnd {
  /** Schema and name. */
  readonly table: string
  /** What stands behind FROM: not the rows of tables that inherit from it, which are tables by themselves. */
  readonly rows: string
  /** The condition that a row aliased as `t` is this tenant's. */
  readonly isOwn: string
  /** The tenant's id as the type of the tenant column; undefined where the table has none. */
  readonly tenant: string | undefined
  /** The columns of the whole primary key. */
  readonly key: readonly string[]
}

/** A column of a primary key, without the tenant column. */
export interface KeyColumn {
  readonly name: string
  readonly type: string
}

/** A table that is copied: what both ends have in common, and each end by itself. */
export interface TableCopy {
  readonly name: string
  /** Its number in the order of foreign keys. */
  readonly place: number
  /** The columns that are copied, quoted: all but generated ones and the tenant column, which each place has by its own rules. */
  readonly columns: readonly string[]
  /** Of those, the ones that a row which is there already takes over. */
  readonly changing: readonly string[]
  readonly hasKey: boolean
  /** The primary key without the tenant column: within one tenant it is as good. */
  readonly key: readonly KeyColumn[]
  readonly from: TableEnd
  readonly to: TableEnd
}

/** The tables of a tenant at a place. */
export interface PlaceShape {
  readonly tenant: Tenant
  readonly tables: readonly TableShape[]
}

/**
 * Returns the copies of all tables, in the order of their foreign keys.
 *
 * @throws {TransferMismatchError} FST_TENANCY_TRANSFER_MISMATCH — a table or column is at one place only, or of another type.
 */
export function matchTables (from: PlaceShape, to: PlaceShape): readonly TableCopy[] {
  const targets = new Map(to.tables.map((table) => [table.name, table]))
  const stray = to.tables.find(({ name }) => from.tables.every((table) => table.name !== name))
  if (stray !== undefined) throw new TransferMismatchError(stray.name)
  return inForeignKeyOrder(from.tables).map((source, place) => {
    const target = targets.get(source.name)
    if (target === undefined || describe(source) !== describe(target)) throw new TransferMismatchError(source.name)
    const key = target.key.filter((name) => name !== TENANT_COLUMN)
    return {
      name: source.name,
      place,
      columns: copiedOf(source).map(({ name }) => quoteIdentifier(name)),
      changing: copiedOf(source).filter(({ name, isFixed }) => !isFixed && !key.includes(name)).map(({ name }) => quoteIdentifier(name)),
      hasKey: target.key.length > 0,
      key: key.map((name) => ({ name, type: source.columns.find((column) => column.name === name)?.type ?? 'text' })),
      from: endOf(from.tenant, source),
      to: endOf(to.tenant, target)
    }
  })
}

function copiedOf (table: TableShape): readonly ColumnShape[] {
  return table.columns.filter(({ name, isGenerated }) => !isGenerated && name !== TENANT_COLUMN)
}

/** What has to be the same at both places. */
function describe (table: TableShape): string {
  const columns = copiedOf(table).map(({ name, type }) => [name, type])
  return JSON.stringify([columns, table.key.filter((name) => name !== TENANT_COLUMN), table.key.length > 0])
}

function endOf (tenant: Tenant, shape: TableShape): TableEnd {
  const table = `${quoteIdentifier(tenant.schema)}.${quoteIdentifier(shape.name)}`
  const column = shape.columns.find(({ name }) => name === TENANT_COLUMN)
  const id = column === undefined ? undefined : `${quoteLiteral(tenant.id)}::${column.type.replace(/\(.*\)/, '')}`
  // In a schema of its own every row is the tenant's; elsewhere row security says it too, and this keeps it from being the only one.
  if (id === undefined && !strategyOf(tenant.isolation).hasOwnSchema) throw new TransferMismatchError(shape.name)
  return {
    table,
    rows: shape.isPartitioned ? table : `only ${table}`,
    isOwn: strategyOf(tenant.isolation).hasOwnSchema ? 'true' : `t.${quoteIdentifier(TENANT_COLUMN)} = ${id}`,
    tenant: id,
    key: shape.key.map(quoteIdentifier)
  }
}
