import type { Sql, TransactionSql } from 'postgres'
import { TENANT_COLUMN } from '../../words/names.ts'
import type { AdoptedTable } from './job.ts'

/** What has become of a table so far, as the catalog says it: so a step that was killed sees what it has done. */
export interface Found {
  /** Whether the table is where it goes. */
  readonly isMoved: boolean
  /** Whether a view stands in its old place. */
  readonly hasView: boolean
  readonly hasColumn: boolean
  readonly isSecured: boolean
  readonly owner: string
  /** Constraints by name, with whether they were validated. */
  readonly constraints: ReadonlyMap<string, boolean>
  /** Indexes by name, with whether they can be used. */
  readonly indexes: ReadonlyMap<string, boolean>
  /** The constraints and unique indexes, by name, that the tenant column is a part of. */
  readonly keyed: ReadonlySet<string>
}

export async function probe (sql: Sql | TransactionSql, table: AdoptedTable): Promise<Found> {
  const [row] = await sql`
    with places as (select pg_catalog.to_regclass(${table.from}) as old, pg_catalog.to_regclass(${table.to}) as new),
    found as (select c.oid, c.relrowsecurity, c.relowner from pg_catalog.pg_class c join places p on c.oid in (p.old, p.new) where c.relkind = 'r')
    select f.oid is not distinct from p.new::oid as moved, f.relrowsecurity as secured, pg_catalog.pg_get_userbyid(f.relowner) as owner,
      exists (select from pg_catalog.pg_class v where v.oid = p.old and v.relkind = 'v') as view,
      exists (select from pg_catalog.pg_attribute a where a.attrelid = f.oid and a.attname = ${TENANT_COLUMN} and not a.attisdropped) as column,
      (select coalesce(pg_catalog.json_object_agg(k.conname, k.convalidated), '{}') from pg_catalog.pg_constraint k where k.conrelid = f.oid) as constraints,
      (select coalesce(pg_catalog.json_object_agg(c.relname, i.indisvalid), '{}') from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid where i.indrelid = f.oid) as indexes,
      (select coalesce(pg_catalog.json_agg(n.name), '[]') from pg_catalog.pg_attribute a cross join lateral (
        select k.conname from pg_catalog.pg_constraint k where k.conrelid = f.oid and a.attnum = any (k.conkey) and k.contype in ('p', 'u', 'f')
        union all select c.relname from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid where i.indrelid = f.oid and i.indisunique and a.attnum = any (i.indkey)) n(name)
        where a.attrelid = f.oid and a.attname = ${TENANT_COLUMN} and not a.attisdropped) as keyed
    from places p left join found f on true`
  if (row === undefined || row['owner'] === null) throw new Error(`the table ${table.original.name} is in neither of its places`)
  return {
    isMoved: row['moved'] === true,
    hasView: row['view'] === true,
    hasColumn: row['column'] === true,
    isSecured: row['secured'] === true,
    owner: String(row['owner']),
    constraints: flags(row['constraints']),
    indexes: flags(row['indexes']),
    keyed: new Set(Array.isArray(row['keyed']) ? row['keyed'].map(String) : [])
  }
}

function flags (record: unknown): ReadonlyMap<string, boolean> {
  return new Map(Object.entries(Object(record)).map(([name, value]) => [name, value === true]))
}
