import type { Sql } from 'postgres'
import { quoteIdentifier } from '../../../words/names.ts'
import { strategyOf } from '../../../data/isolation/index.ts'
import type { IsolationStrategyName } from '../../../words/types.ts'

/** A view that reads tenants' tables with the rights of its owner. */
export interface DefinerView {
  readonly schema: string
  readonly name: string
  readonly isMaterialized: boolean
}

/** Returns the views that policies hold only as long as they hold the view's owner. */
export async function readDefinerViews (sql: Sql, isolation: IsolationStrategyName): Promise<readonly DefinerView[]> {
  if (!strategyOf(isolation).hasPolicies) return []
  const rows = await sql`
    select distinct n.nspname as schema, v.relname as name, v.relkind = 'm' as materialized from pg_catalog.pg_class v join pg_catalog.pg_namespace n on n.oid = v.relnamespace
    join pg_catalog.pg_rewrite r on r.ev_class = v.oid
    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = r.oid and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    join pg_catalog.pg_class t on t.oid = d.refobjid and t.relrowsecurity
    where v.relkind in ('v', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'zakops_tenancy')
      and not coalesce(v.reloptions && array['security_invoker=true', 'security_invoker=on', 'security_invoker=1', 'security_invoker=yes'], false)`
  return rows.map((row) => ({ schema: String(row['schema']), name: String(row['name']), isMaterialized: row['materialized'] === true }))
}

/**
 * Starts a service on a database that is the suite's own while such views ask as whoever calls them, and gives them their
 * rights back: the plugin does not start beside them, and then no route could show what they tell.
 */
export async function beforeDefinerViews<T> (sql: Sql, isolation: IsolationStrategyName, start: () => Promise<T>): Promise<T> {
  const views = (await readDefinerViews(sql, isolation)).filter(({ isMaterialized }) => !isMaterialized)
  const alter = async (change: string): Promise<void> => {
    for (const { schema, name } of views) await sql.unsafe(`alter view ${quoteIdentifier(schema)}.${quoteIdentifier(name)} ${change}`)
  }
  await alter('set (security_invoker = true)')
  try {
    return await start()
  } finally {
    await alter('reset (security_invoker)')
  }
}

/** The names of the views of these schemas. */
export async function readViews (sql: Sql, schemas: readonly string[]): Promise<readonly string[]> {
  const rows = await sql`
    select distinct c.relname as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname in (select json_array_elements_text(${JSON.stringify(schemas)}::text::json)) and c.relkind in ('v', 'm')`
  return rows.map((row) => String(row['name']))
}

/** Whether a statement names one of these. */
export function mentions (sql: string, names: readonly string[]): string | undefined {
  const words = new Set(sql.split(/[^\w$]+/).map((word) => word.toLowerCase()))
  return names.find((name) => words.has(name.toLowerCase()))
}
