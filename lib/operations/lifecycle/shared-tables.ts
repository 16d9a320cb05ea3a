import type { Sql } from 'postgres'
import { TENANT_COLUMN, quoteIdentifier } from '../../words/names.ts'
import { ISOLATION_POLICY } from '../policies/index.ts'

/** Shared tables whose rows have to go in one statement: one, or several whose foreign keys form a circle. */
export interface TableGroup {
  /** Schema and name, quoted. */
  readonly tables: readonly string[]
  /** Whether rows in it refer to each other, so that a part of them cannot go before the rest. */
  readonly isCircular: boolean
  /** Those of the tables whose other policies could hide rows of the tenant from the owner. */
  readonly hiding: readonly string[]
}

/** Returns the shared tables and partitions that hold rows, those that refer to others first. */
export async function sharedTables (sql: Sql, schema: string): Promise<readonly TableGroup[]> {
  const tables = await sql`
    select c.oid::text as oid, c.relname as name, c.relforcerowsecurity and exists (select 1 from pg_catalog.pg_policy p
      where p.polrelid = c.oid and not p.polpermissive and p.polname <> ${ISOLATION_POLICY}) as hiding from pg_catalog.pg_class c
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = ${TENANT_COLUMN} and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = ${schema}) and c.relkind = 'r'
    order by c.relname`
  const keys = await sql`select k.conrelid::text as child, k.confrelid::text as parent from pg_catalog.pg_constraint k where k.contype = 'f'`
  const hiding = new Set(tables.filter((row) => row['hiding'] === true).map((row) => String(row['oid'])))
  const names = new Map(tables.map((row) => [String(row['oid']), `${quoteIdentifier(schema)}.${quoteIdentifier(String(row['name']))}`]))
  const children = new Map<string, Set<string>>([...names.keys()].map((oid) => [oid, new Set()]))
  for (const { child, parent } of keys) if (names.has(String(child))) children.get(String(parent))?.add(String(child))
  return circles(children).map((oids) => ({
    tables: oids.map((oid) => names.get(oid) ?? ''),
    hiding: oids.filter((oid) => hiding.has(oid)).map((oid) => names.get(oid) ?? ''),
    isCircular: oids.some((oid) => oids.some((other) => children.get(oid)?.has(other)))
  }))
}

/** The strongly connected parts of a graph, those that are reached last first (Tarjan). */
export function circles (edges: ReadonlyMap<string, ReadonlySet<string>>): readonly (readonly string[])[] {
  const found: string[][] = []
  const numbers = new Map<string, number>()
  const stack: string[] = []
  const visit = (node: string): number => {
    const number = numbers.size
    numbers.set(node, number)
    stack.push(node)
    let lowest = number
    for (const next of edges.get(node) ?? []) {
      if (!numbers.has(next)) lowest = Math.min(lowest, visit(next))
      else if (stack.includes(next)) lowest = Math.min(lowest, numbers.get(next) ?? lowest)
    }
    if (lowest === number) found.push(stack.splice(stack.indexOf(node)))
    return lowest
  }
  for (const node of edges.keys()) if (!numbers.has(node)) visit(node)
  return found
}
