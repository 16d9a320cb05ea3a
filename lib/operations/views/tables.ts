import type { TransactionSql } from 'postgres'
import { TENANT_COLUMN, quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import type { Tenant } from '../../words/types.ts'
import { strategyOf } from '../../data/isolation/index.ts'

/** A column, and its type as the server writes it. */
interface Column {
  readonly name: string
  readonly type: string
}

/** One table of one schema. */
interface Table {
  readonly schema: string
  readonly columns: readonly Column[]
}

/** Returns, for each table name in these tenants' schemas, the query that joins them all together, the tenant id in front. */
export async function unionQueries (tx: TransactionSql, tenants: readonly Tenant[]): Promise<ReadonlyMap<string, string>> {
  const owners = new Map(tenants.map((tenant) => [tenant.schema, strategyOf(tenant.isolation).hasOwnSchema ? tenant.id : undefined]))
  const tables = await readTables(tx, [...owners.keys()])
  return new Map([...tables].map(([name, parts]) => [name, unionOf(name, parts, owners)]))
}

async function readTables (tx: TransactionSql, schemas: readonly string[]): Promise<ReadonlyMap<string, readonly Table[]>> {
  const rows = await tx.unsafe(`
    select n.nspname as schema, c.relname as name, coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod))
      order by a.attnum) filter (where a.attname is not null), '[]') as columns
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where n.nspname in (select pg_catalog.jsonb_array_elements_text($1::text::jsonb)) and c.relkind in ('r', 'p')
      and not exists (select 1 from pg_catalog.pg_inherits i where i.inhrelid = c.oid)
    group by n.nspname, c.relname, c.oid order by c.relname collate "C", n.nspname collate "C"`, [JSON.stringify(schemas)])
  const tables = new Map<string, Table[]>()
  for (const row of rows) {
    const columns: unknown = row['columns']
    const table = { schema: String(row['schema']), columns: Array.isArray(columns) ? columns.map(([name, type]) => ({ name: String(name), type: String(type) })) : [] }
    tables.set(String(row['name']), [...tables.get(String(row['name'])) ?? [], table])
  }
  return tables
}

/** Columns that all have with the same type: while a migration is under way, some tenants have more than others. */
function unionOf (name: string, tables: readonly Table[], owners: ReadonlyMap<string, string | undefined>): string {
  const [first] = tables
  const isShared = ({ name, type }: Column): boolean => tables.every(({ columns }) => columns.some((column) => column.name === name && column.type === type))
  const columns = (first?.columns ?? []).filter((column) => column.name !== TENANT_COLUMN && isShared(column)).map((column) => quoteIdentifier(column.name))
  return tables.map(({ schema }) => {
    const owner = owners.get(schema)
    const id = owner === undefined ? `${quoteIdentifier(TENANT_COLUMN)}::text` : `${quoteLiteral(owner)}::text`
    return `select ${[`${id} as ${quoteIdentifier(TENANT_COLUMN)}`, ...columns].join(', ')} from ${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
  }).join('\nunion all\n')
}
