import { CONTROL_SCHEMA, TENANT_COLUMN, quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import type { TableCopy, TableEnd } from './table-copy.ts'

const CHANGES = `${quoteIdentifier(CONTROL_SCHEMA)}.move_changes`

/** The table that rows arrive in: COPY into a table with row security is refused by PostgreSQL. */
export function stageOf ({ place }: TableCopy): string {
  return `pg_temp.zakops_rows_${place}`
}

/** The table that keys of changed rows arrive in. */
export function keysOf ({ place }: TableCopy): string {
  return `pg_temp.zakops_keys_${place}`
}

/** Which rows of a table: all of the tenant's, or those whose keys a relation lists. */
export interface RowChoice {
  readonly end: TableEnd
  /** What stands behind JOIN, with a column `key`; undefined means every row. */
  readonly keys?: string | undefined
}

/** The keys that were noted for a table, each once. */
export function notedKeys (move: string, copy: TableCopy): string {
  return `(select distinct key from ${CHANGES} where move = ${move} and name = ${quoteLiteral(copy.name)})`
}

/** Returns the condition that the row `row` has the key in `key`. */
export function hasKey (copy: TableCopy, row: string, key: string): string {
  const equal = copy.key.map(({ name, type }) => `${row}.${quoteIdentifier(name)} = (${key} ->> ${quoteLiteral(name)})::${type}`)
  return equal.length === 0 ? 'true' : equal.join(' and ')
}

/** Returns the query of rows, with the columns that are copied. */
export function rowsOf (copy: TableCopy, { end, keys }: RowChoice): string {
  const joined = keys === undefined ? '' : ` join ${keys} k on ${hasKey(copy, 't', 'k.key')}`
  const columns = copy.columns.map((column) => `t.${column}`).join(', ')
  return `select ${columns} from ${end.rows} t${joined} where ${end.isOwn}`
}

/** Returns the query of how many rows there are and of what their texts add up to, in whatever order they are. */
export function checksumOf (copy: TableCopy, choice: RowChoice): string {
  const row = `pg_catalog.md5(row(${copy.columns.map((column) => `r.${column}::text`).join(', ')})::text)`
  const sum = (part: string): string => `coalesce(sum(('x' || pg_catalog.${part}(digest, 16))::bit(64)::bigint::numeric), 0)::text`
  return `select count(*)::text as rows, ${sum('left')} || '/' || ${sum('right')} as checksum
    from (select ${row} as digest from (${rowsOf(copy, choice)}) r) d`
}

/** Returns the statement that makes the table which rows of `copy` arrive in. */
export function stageStatement (copy: TableCopy): string {
  return `create temporary table zakops_rows_${copy.place} on commit drop as select ${copy.columns.join(', ')} from ${copy.to.table} with no data`
}

/** Returns the statement that makes the table which keys of `copy` arrive in. */
export function keysStatement ({ place }: TableCopy): string {
  return `create temporary table zakops_keys_${place} (key jsonb) on commit drop`
}

/** Returns the query of the names of the tables that have notes. */
export function notedTables (move: string): string {
  return `select distinct name from ${CHANGES} where move = ${move}`
}

/** Returns the statement that moves what has arrived into the table itself; rows that are there already are changed if `isUpsert`. */
export function insertStatement (copy: TableCopy, isUpsert: boolean): string {
  const { table, tenant, key } = copy.to
  const [column, value] = tenant === undefined ? ['', ''] : [`${quoteIdentifier(TENANT_COLUMN)}, `, `${tenant}, `]
  const columns = copy.columns.join(', ')
  const set = copy.changing.map((name) => `${name} = excluded.${name}`).join(', ')
  const conflict = isUpsert ? ` on conflict (${key.join(', ')}) do ${set === '' ? 'nothing' : `update set ${set}`}` : ''
  return `insert into ${table} (${column}${columns}) overriding system value select ${value}${columns} from ${stageOf(copy)}${conflict}`
}

/** Returns the statement that removes the rows whose keys arrived and which did not arrive themselves. */
export function deleteStatement (copy: TableCopy): string {
  const columns = copy.key.map(({ name }) => `s.${quoteIdentifier(name)} = t.${quoteIdentifier(name)}`)
  const arrived = `exists (select from ${stageOf(copy)} s${columns.length === 0 ? '' : ` where ${columns.join(' and ')}`})`
  return `delete from ${copy.to.table} t using ${keysOf(copy)} k where ${hasKey(copy, 't', 'k.key')} and ${copy.to.isOwn} and not ${arrived}`
}

/** Returns the statement that removes every row of the tenant. */
export function clearStatement (copy: TableCopy): string {
  return `delete from ${copy.to.table} t where ${copy.to.isOwn}`
}
