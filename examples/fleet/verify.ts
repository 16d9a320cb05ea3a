import type { Sql } from 'postgres'
import { type Servers, connect } from './servers.ts'
import { fleetOf } from './tenants.ts'

/** What the servers hold, as an administrator sees it. */
export interface Findings {
  readonly tenants: number
  readonly tables: number
  /** Migrations that schemas have had, by their ledgers. */
  readonly applied: number
  readonly databases: number
  /** What is wrong, a line each. */
  readonly problems: readonly string[]
}

/** What every schema with a tenant's rows has to have in the end. */
export interface Wanted {
  readonly tenants: number
  readonly tables: readonly string[]
  readonly migrations: readonly string[]
}

interface Row {
  readonly id: string
  readonly status: string
  readonly strategy: string
  readonly schema: string
  readonly server: string
  readonly database: string | null
  readonly migration: string
}

interface Schema {
  readonly schema: string
  readonly tables: readonly string[]
  readonly migrations: readonly string[]
}

/** Looks at both servers, and at every database there, for tenants that were left behind. */
export async function verify ({ first, second }: Servers, wanted: Wanted): Promise<Findings> {
  const urls = { default: first.adminDatabase, second: second.adminDatabase }
  const rows = await ask(urls.default, (sql) => sql<Row[]>`select id, status, strategy, schema, server, database, migration from zakops_tenancy.tenants order by id`)
  const found = new Map<string, Schema>()
  let databases = 0
  for (const [server, url] of Object.entries(urls)) {
    const own = await ask(url, (sql) => sql<{ name: string }[]>`select datname as name from pg_database where datname like 'tenant\\_%'`)
    databases += own.length
    for (const database of [null, ...own.map(({ name }) => name)]) {
      for (const schema of await ask(database === null ? url : inDatabase(url, database), readSchemas)) found.set(keyOf({ server, database, schema: schema.schema }), schema)
    }
  }
  const schemas = [...found.values()]
  return {
    tenants: rows.length,
    tables: schemas.reduce((sum, { tables }) => sum + tables.length, 0),
    applied: schemas.reduce((sum, { migrations }) => sum + migrations.length, 0),
    databases,
    problems: [...problemsOf(rows, found, wanted), ...strays(rows, found)]
  }
}

function problemsOf (rows: readonly Row[], found: ReadonlyMap<string, Schema>, { tenants, tables, migrations }: Wanted): readonly string[] {
  const known = new Map(rows.map((row) => [row.id, row]))
  const missing = fleetOf(tenants).filter(({ id, isolation }) => known.get(id)?.strategy !== isolation).map(({ id }) => `${id} is not in the registry as it should be`)
  const wrong = rows.flatMap((row) => {
    const schema = found.get(keyOf(row))
    return [
      ...row.status === 'active' ? [] : [`${row.id} is ${row.status}`],
      ...row.migration === migrations.at(-1) ? [] : [`${row.id} has migration "${row.migration}" in the registry`],
      ...String(schema?.tables) === String(tables) ? [] : [`${row.id} has the tables ${String(schema?.tables)}`],
      ...String(schema?.migrations) === String(migrations) ? [] : [`${row.id} has had ${String(schema?.migrations)}`]
    ]
  })
  return [...missing, ...wrong]
}

/** Schemas with tables that no tenant of the registry has. */
function strays (rows: readonly Row[], found: ReadonlyMap<string, Schema>): readonly string[] {
  const used = new Set(rows.map(keyOf))
  return [...found].filter(([key, { tables }]) => tables.length > 0 && !used.has(key)).map(([key]) => `nobody has ${key}`)
}

async function readSchemas (sql: Sql): Promise<readonly Schema[]> {
  return sql<Schema[]>`
    select n.nspname as schema,
      array(select c.relname::text from pg_class c where c.relnamespace = n.oid and c.relkind = 'r' order by 1) as tables,
      array(select m.name from zakops_tenancy.migrations m where m.schema = n.nspname order by 1) as migrations
    from pg_namespace n where n.nspname !~ '^(pg_|information_schema|zakops_tenancy|public|extensions)'`
}

async function ask<T> (url: string, fn: (sql: Sql) => PromiseLike<T>): Promise<T> {
  const sql = connect(url)
  try {
    return await fn(sql)
  } finally {
    await sql.end()
  }
}

function keyOf ({ server, database, schema }: Pick<Row, 'server' | 'database' | 'schema'>): string {
  return `${schema} in ${database ?? 'the main database'} of ${server}`
}

function inDatabase (url: string, name: string): string {
  return Object.assign(new URL(url), { pathname: `/${name}` }).href
}
