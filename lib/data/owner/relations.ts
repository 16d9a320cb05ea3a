import { quoteLiteral } from '../../words/names.ts'

/**
 * Returns SQL that tells whether the row `alias` of `pg_class` is a relation of a schema, other than an index: one that depends on the
 * schema. There is an index for that and none for `relnamespace`, and where every tenant has a schema, a look at the relations of all
 * of them for each one is what a run over the whole fleet would spend its time with.
 *
 * An array, and no subquery that the server may join later: what else is asked of a relation, such as `pg_get_expr`, takes a lock
 * on it, and must not be asked of other tenants'.
 */
export function isInSchemaSql (alias: string, schema: string): string {
  return `${alias}.oid = any (array(
    select d.objid from pg_catalog.pg_depend d join pg_catalog.pg_namespace n on n.oid = d.refobjid
    where d.classid = 'pg_catalog.pg_class'::regclass and d.refclassid = 'pg_catalog.pg_namespace'::regclass and n.nspname = ${quoteLiteral(schema)}))`
}
