import type { Sql } from 'postgres'
import { CONTROL_SCHEMA } from '../../words/names.ts'
import { controlSchemaStatements } from './control-schema.ts'

/**
 * Returns the tables, and columns as `table.column`, that `setUpDatabase` of this version makes and that a database does not
 * have: an older version set it up, or none. Needs no rights on them.
 */
export async function missingControlObjects (sql: Sql): Promise<readonly string[]> {
  const rows = await sql`
    select c.relname as name, coalesce(array_agg(a.attname::text) filter (where a.attnum > 0 and not a.attisdropped), '{}')::text[]::text as columns
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace left join pg_catalog.pg_attribute a on a.attrelid = c.oid
    where n.nspname = ${CONTROL_SCHEMA} and c.relkind in ('r', 'p') group by c.relname`
  const there = new Set(rows.flatMap((row) => {
    const columns = String(row['columns']).replaceAll(/[{}"]/g, '').split(',')
    return [String(row['name']), ...columns.map((column) => `${String(row['name'])}.${column}`)]
  }))
  return controlObjects().filter((name) => !there.has(name))
}

/** Read from the statements that make them, so that no version forgets one here. */
function controlObjects (): readonly string[] {
  const table = `"${CONTROL_SCHEMA}"\\.(\\w+)`
  return controlSchemaStatements('application').flatMap((statement) => {
    const made = new RegExp(`^create table if not exists ${table}`).exec(statement)?.[1]
    const changed = new RegExp(`^alter table ${table}`).exec(statement)?.[1]
    const columns = [...statement.matchAll(/add column if not exists (\w+)/g)].map(([, column]) => `${changed ?? ''}.${column ?? ''}`)
    return [...made === undefined ? [] : [made], ...columns]
  })
}
