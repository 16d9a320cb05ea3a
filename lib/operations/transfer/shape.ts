import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { TransactionSql } from 'postgres'
import { isReferenceSql } from '../policies/index.ts'

const columnSchema = Type.Object({
  name: Type.String(),
  /** As the search path of the tenant has it, so that a type of the tenant's own schema has the same name everywhere. */
  type: Type.String(),
  isGenerated: Type.Boolean(),
  /** GENERATED ALWAYS AS IDENTITY: an INSERT may override it, an UPDATE may not. */
  isFixed: Type.Boolean()
})

const tableSchema = Type.Object({
  name: Type.String(),
  isPartitioned: Type.Boolean(),
  columns: Type.Array(columnSchema),
  /** The columns of the primary key in their order; empty if there is none. */
  key: Type.Array(Type.String()),
  /** The tables of the same schema that have to be filled before this one. */
  parents: Type.Array(Type.String())
})

/** The tables of a schema. */
export const shapeSchema = Type.Array(tableSchema)

/** A table that holds rows of its own, or the root of its partitions. */
export type TableShape = Static<typeof tableSchema>

export type ColumnShape = Static<typeof columnSchema>

/**
 * Returns the tables of a schema that hold rows of tenants, in the order of their names. Partitions are left out: their rows are read and
 * written through their root. So is what a shared migration made for every tenant to read: it is there already where a tenant goes.
 *
 * Deferrable foreign keys ask for no order, since both ends of a copy are in one transaction.
 */
export async function readShape (tx: TransactionSql, schema: string): Promise<readonly TableShape[]> {
  const [row] = await tx.unsafe(`
    select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
      'name', c.relname,
      'isPartitioned', c.relkind = 'p',
      'columns', (select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
          'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
          'isGenerated', a.attgenerated <> '', 'isFixed', a.attidentity = 'a') order by a.attname collate "C"), '[]')
        from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
      'key', (select coalesce(pg_catalog.json_agg(a.attname order by k.place), '[]')
        from pg_catalog.pg_constraint p cross join lateral pg_catalog.unnest(p.conkey) with ordinality k(number, place)
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.number
        where p.conrelid = c.oid and p.contype = 'p'),
      'parents', (select coalesce(pg_catalog.json_agg(distinct r.relname), '[]')
        from pg_catalog.pg_constraint f join pg_catalog.pg_class r on r.oid = f.confrelid
        where f.conrelid = c.oid and f.contype = 'f' and f.conparentid = 0 and not f.condeferrable
          and r.oid <> c.oid and r.relnamespace = c.relnamespace and not ${isReferenceSql('r')})
    ) order by c.relname collate "C"), '[]') as shape
    from pg_catalog.pg_class c
    where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = $1)
      and c.relkind in ('r', 'p') and not c.relispartition and not ${isReferenceSql('c')}`, [schema])
  const shape: unknown = row?.['shape']
  if (!Value.Check(shapeSchema, shape)) throw new Error('the catalog described the tables of a tenant in a way that is not known')
  return shape
}
