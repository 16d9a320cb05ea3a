import type { TransactionSql } from 'postgres'
import { TENANT_COLUMN, TENANT_SETTING, quoteIdentifier } from '../../words/names.ts'
import { isInSchemaSql } from '../../data/owner/index.ts'
import { IS_REFERENCE_SQL } from './reference.ts'

/** A table or partition, as the catalog says it is. */
export interface TableState {
  /** Its name, as in the catalog. */
  readonly name: string
  /** Schema and name, quoted. */
  readonly quoted: string
  /** Whether it has a parent that gives it its columns. */
  readonly isChild: boolean
  readonly isSecured: boolean
  readonly isForced: boolean
  /** The tenant column, or null. */
  readonly column: ColumnState | null
  /** Whether an index starts with the tenant column. */
  readonly isIndexed: boolean
}

/** The tenant column of a table. */
export interface ColumnState {
  /** Its type without a length: a cast to `varchar(3)` cuts, and "acme" would see the rows of "acm". */
  readonly type: string
  readonly isNotNull: boolean
  readonly hasDefault: boolean
  /** Whether the default is made from the setting as it stands. */
  readonly readsSetting: boolean
  /** False when its collation finds different texts equal. */
  readonly isExact: boolean
}

/**
 * Returns the tables of a schema that hold rows of tenants, parents before their partitions. Partitions are tables to whoever names them, so each
 * one needs its own policy.
 */
export async function readTables (tx: TransactionSql, schema: string): Promise<readonly TableState[]> {
  const rows = await tx`
    select c.relname as name, c.relrowsecurity as secured, c.relforcerowsecurity as forced,
      exists (select 1 from pg_catalog.pg_inherits i where i.inhrelid = c.oid) as child,
      pg_catalog.format_type(a.atttypid, -1) as type, a.attnotnull as "notNull", a.atthasdef or a.attidentity <> '' as "hasDefault",
      coalesce((select pg_catalog.strpos(pg_catalog.pg_get_expr(d.adbin, d.adrelid), ${TENANT_SETTING}) > 0
        from pg_catalog.pg_attrdef d where d.adrelid = c.oid and d.adnum = a.attnum), false) as "readsSetting",
      coalesce((select l.collisdeterministic from pg_catalog.pg_collation l where l.oid = a.attcollation), true) as exact,
      exists (select 1 from pg_catalog.pg_index x where x.indrelid = c.oid and x.indisvalid
        and x.indpred is null and x.indkey[0] = a.attnum) as indexed
    from pg_catalog.pg_class c
    left join pg_catalog.pg_attribute a
      on a.attrelid = c.oid and a.attname = ${TENANT_COLUMN} and a.attnum > 0 and not a.attisdropped
    where ${tx.unsafe(isInSchemaSql('c', schema))}
      and c.relkind in ('r', 'p') and not ${tx.unsafe(IS_REFERENCE_SQL)}
    order by child, c.relkind, c.oid`
  return rows.map((row) => ({
    name: String(row['name']),
    quoted: `${quoteIdentifier(schema)}.${quoteIdentifier(String(row['name']))}`,
    isChild: row['child'] === true,
    isSecured: row['secured'] === true,
    isForced: row['forced'] === true,
    isIndexed: row['indexed'] === true,
    column: row['type'] === null
      ? null
      : { type: String(row['type']), isNotNull: row['notNull'] === true, hasDefault: row['hasDefault'] === true, readsSetting: row['readsSetting'] === true, isExact: row['exact'] === true }
  }))
}
