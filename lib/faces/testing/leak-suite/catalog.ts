import type { Sql } from 'postgres'
import { TENANT_COLUMN, quoteIdentifier } from '../../../words/names.ts'

/** A column, as the catalog has it. */
export interface Column {
  readonly name: string
  /** With its length, such as `character varying(20)`. */
  readonly type: string
  readonly isRequired: boolean
  readonly hasDefault: boolean
  readonly isGenerated: boolean
  /** The labels of an enumeration. */
  readonly labels: readonly string[]
}

/** A constraint of a table. */
export interface Constraint {
  readonly name: string
  readonly kind: 'primary' | 'unique' | 'foreign' | 'check'
  readonly columns: readonly string[]
  readonly parent: string
  readonly parentColumns: readonly string[]
  /** The texts in its definition: what a check allows. */
  readonly literals: readonly string[]
}

/** A table with rows of tenants. */
export interface Table {
  readonly name: string
  readonly columns: readonly Column[]
  readonly constraints: readonly Constraint[]
}

const KINDS: Readonly<Record<string, Constraint['kind']>> = { p: 'primary', u: 'unique', f: 'foreign', c: 'check' }

/** Returns the tables of a schema that hold rows of tenants, parents before their children. Lists come as JSON: this client knows no array types. */
export async function readTables (sql: Sql, schema: string, isShared: boolean): Promise<readonly Table[]> {
  const columns = await sql`
    select c.relname as table, a.attname as name, pg_catalog.format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as required,
      a.atthasdef or a.attidentity <> '' as default, a.attgenerated <> '' or a.attidentity = 'a' as generated,
      to_json(array(select e.enumlabel::text from pg_catalog.pg_enum e where e.enumtypid = a.atttypid order by e.enumsortorder)) as labels
    from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = ${schema}) and c.relkind in ('r', 'p') and not c.relispartition
    order by c.relname, a.attnum`
  const constraints = await sql`
    select c.relname as table, k.conname as name, k.contype as kind, coalesce(f.relname, '') as parent, pg_catalog.pg_get_constraintdef(k.oid) as definition,
      to_json(array(select a.attname::text from unnest(k.conkey) with ordinality u (n, o) join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.n order by u.o)) as columns,
      to_json(array(select a.attname::text from unnest(k.confkey) with ordinality u (n, o) join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.n order by u.o)) as "parentColumns"
    from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid left join pg_catalog.pg_class f on f.oid = k.confrelid
    where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = ${schema}) and k.contype in ('p', 'u', 'f', 'c')`
  const names = [...new Set(columns.map((row) => String(row['table'])))]
  const tables = names.map((name): Table => ({
    name,
    columns: columns.filter((row) => row['table'] === name).map((row) => ({
      name: String(row['name']), type: String(row['type']), isRequired: row['required'] === true, hasDefault: row['default'] === true, isGenerated: row['generated'] === true, labels: texts(row['labels'])
    })),
    constraints: constraints.filter((row) => row['table'] === name).map((row) => ({
      name: String(row['name']),
      kind: KINDS[String(row['kind'])] ?? 'check',
      columns: texts(row['columns']),
      parent: String(row['parent']),
      parentColumns: texts(row['parentColumns']),
      literals: [...String(row['definition']).matchAll(/'((?:[^']|'')*)'::/g)].map(([, text = '']) => text.replaceAll("''", "'"))
    }))
  }))
  return inOrder(isShared ? tables.filter(hasTenantColumn) : tables)
}

/** Whether a row says whose it is. */
export function hasTenantColumn (table: Table): boolean {
  return table.columns.some(({ name }) => name === TENANT_COLUMN)
}

/** The columns of the primary key but the tenant's. */
export function keyOf (table: Table): readonly string[] {
  return table.constraints.find(({ kind }) => kind === 'primary')?.columns.filter((name) => name !== TENANT_COLUMN) ?? []
}

/** Schema and name, quoted. */
export function quotedTable (schema: string, table: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`
}

function inOrder (tables: readonly Table[]): readonly Table[] {
  const done: Table[] = []
  const isReady = (table: Table): boolean => table.constraints.every(({ kind, parent }) =>
    kind !== 'foreign' || parent === table.name || done.some(({ name }) => name === parent) || !tables.some(({ name }) => name === parent))
  for (let rest = tables; rest.length > 0;) {
    // A circle of keys is entered somewhere: its first table's reference stays empty.
    const next = rest.find(isReady) ?? rest[0]
    if (next !== undefined) done.push(next)
    rest = rest.filter((table) => table !== next)
  }
  return done
}

function texts (value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}
