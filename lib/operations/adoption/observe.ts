import type { Sql } from 'postgres'
import { parsePlan } from './plan.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { inTransaction } from '../../data/owner/index.ts'
import { readSource } from './catalog.ts'
import { withAdopter } from './connection.ts'
import { type CodeFinding, findingsIn, scanCode } from './scan.ts'

/** How much a table is used, since the server counts. */
export interface TableUse {
  readonly table: string
  readonly reads: number
  readonly writes: number
}

/** A statement that the server has counted, and what of it would be refused or would not work as before. */
export interface StatementUse {
  readonly calls: number
  readonly kind: CodeFinding['kind']
  readonly found: string
  readonly statement: string
}

/** Who is logged in at this moment. */
export interface SessionUse {
  readonly role: string
  readonly application: string
  readonly sessions: number
}

/** What looking on has found. Nothing was changed. */
export interface ObserveReport {
  readonly code: readonly CodeFinding[]
  readonly tables: readonly TableUse[]
  /** Null where the extension `pg_stat_statements` is not there. */
  readonly statements: readonly StatementUse[] | null
  readonly sessions: readonly SessionUse[]
}

/** What a server counts at most by default is 5,000. */
const MOST_STATEMENTS = 5_000
const SHOWN = 160

/**
 * Looks on while the service runs as it is: what of its code and of the statements that it has sent would be refused, or would not
 * work as before, and how much each table is used. Reads statistics and the folder; changes nothing.
 *
 * @param folder — the code of the service; left out, no code is read.
 */
export async function observeService (config: TenancyConfig, plan: unknown, folder?: string): Promise<ObserveReport> {
  const parsed = parsePlan(plan)
  return await withAdopter(config, async (sql) => {
    const source = await inTransaction(sql, { lock: config.timeouts.acquire }, async (tx) => await readSource(tx, parsed.schema))
    const sent = await readStatements(sql)
    return {
      code: folder === undefined ? [] : await scanCode(folder, parsed, source),
      tables: await readUse(sql, parsed.schema),
      statements: sent === undefined ? null : sent.flatMap(({ text, calls }) => findingsIn({ text, line: 1 }, parsed, source).map(({ kind, found }) => ({ calls, kind, found, statement: text.replaceAll(/\s+/g, ' ').trim().slice(0, SHOWN) }))),
      sessions: await readSessions(sql)
    }
  })
}

async function readUse (sql: Sql, schema: string): Promise<readonly TableUse[]> {
  const rows = await sql`
    select relname as table, (coalesce(seq_scan, 0) + coalesce(idx_scan, 0))::float8 as reads, (n_tup_ins + n_tup_upd + n_tup_del)::float8 as writes
    from pg_catalog.pg_stat_user_tables where schemaname = ${schema} order by relname collate "C"`
  return rows.map((row) => ({ table: String(row['table']), reads: Number(row['reads']), writes: Number(row['writes']) }))
}

async function readStatements (sql: Sql): Promise<ReadonlyArray<{ readonly text: string, readonly calls: number }> | undefined> {
  const [where] = await sql`select pg_catalog.quote_ident(n.nspname) as schema from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_stat_statements'`
  if (where === undefined) return undefined
  const rows = await sql.unsafe(`
    select query as text, sum(calls)::float8 as calls from ${String(where['schema'])}.pg_stat_statements
    where dbid = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()) group by query order by calls desc, query limit ${MOST_STATEMENTS}`)
    // There, and not loaded: the server counts nothing.
    .catch(() => undefined)
  return rows?.map((row) => ({ text: String(row['text']), calls: Number(row['calls']) }))
}

/** Returns who is logged in to this database, but for ourselves. */
export async function readSessions (sql: Sql): Promise<readonly SessionUse[]> {
  const rows = await sql`
    select usename as role, application_name as application, count(*)::int as sessions from pg_catalog.pg_stat_activity
    where datname = pg_catalog.current_database() and pid <> pg_catalog.pg_backend_pid() and backend_type = 'client backend' group by 1, 2 order by 1, 2`
  return rows.map((row) => ({ role: String(row['role']), application: String(row['application']), sessions: Number(row['sessions']) }))
}
