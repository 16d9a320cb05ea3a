import { CONTROL_SCHEMA, TENANT_COLUMN, quoteLiteral } from '../../../words/names.ts'
import { IS_REFERENCE_SQL } from '../../policies/index.ts'
import type { AuditPlace } from '../check.ts'
import { IS_PROTECTED_SQL } from './policies/protection.ts'

/**
 * What every check may speak of:
 *
 * - `place`: one row of what the settings say, with the name of the `owner` of the control schema;
 * - `me`: the application's role;
 * - `ns`: the schemas that are not the server's, each with a `kind`: `tenant`, `shared`, `own` (the shared schema of a
 *   database that one tenant has for itself), `control`, `extensions` or `other`;
 * - `rel`: what is in them, except for members of extensions without a tenant column: tables, views, sequences, each with that column, which
 *   is `inexact` where its type, that of its domain, or its collation takes two tenant ids for one. A right counts on what a
 *   view reads too, in a schema that the role may not use: behind a view nobody asks for the schema;
 * - `reads`: what each view reads, itself or by way of other views.
 */
export function wordsSql (place: AuditPlace): string {
  return `with recursive place as materialized (
    select ${quoteLiteral(place.sharedSchema)}::text as shared, ${quoteLiteral(place.extensionsSchema ?? 'extensions')}::text as extensions,
      ${textArray(place.policySchemas ?? [])} as secured, ${place.hasSharedTenants ?? 'null'}::boolean as sharing, ${place.isOwnDatabase ?? false} as isolated, ${place.isSigning ?? false} as signing,
      coalesce((select quote_ident(r.rolname) from pg_namespace n join pg_roles r on r.oid = n.nspowner where n.nspname = ${quoteLiteral(CONTROL_SCHEMA)}), '<the owner role>') as owner
  ), me as materialized (
    select r.oid, r.rolname, quote_ident(r.rolname) as name from pg_roles r where r.rolname = current_user
  ), ns as materialized (
    select n.oid, n.nspname, quote_ident(n.nspname) as name, n.nspowner, n.nspacl, has_schema_privilege(n.oid, 'usage') as usable, case
      when n.nspname = ${quoteLiteral(CONTROL_SCHEMA)} then 'control'
      when n.nspname = p.shared then case when p.isolated then 'own' else 'shared' end
      when n.nspname = p.extensions then 'extensions'
      when n.nspname like 'tenant\\_%' then 'tenant'
      else 'other' end as kind
    from pg_namespace n cross join place p
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  ), edges as materialized (
    select w.ev_class as viewer, d.refobjid as oid
    from pg_rewrite w join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass and d.refobjid <> w.ev_class
    where w.rulename = '_RETURN' and w.ev_class >= 16384
  ), rel as materialized (
    select c.oid, c.relname, c.relkind, c.relowner, c.relacl, c.reloptions, c.relnamespace, c.relrowsecurity, c.relforcerowsecurity,
      n.nspname, n.kind, n.usable, format('%I.%I', n.nspname, c.relname) as name, a.attnum, a.attnotnull, a.atttypid, a.attcollation,
      c.relkind <> 'S' and (n.usable or c.oid in (select e.oid from edges e)) and has_any_column_privilege(c.oid, 'select') as readable,
      c.relkind <> 'S' and (n.usable or c.oid in (select e.oid from edges e)) and (has_any_column_privilege(c.oid, 'insert, update') or has_table_privilege(c.oid, 'delete')) as writable,
      c.relkind in ('r', 'p') and n.kind = 'shared' and ${IS_REFERENCE_SQL} as reference,
      c.relkind in ('r', 'p') and ${IS_PROTECTED_SQL} as protected,
      exists (select 1 from pg_inherits i where i.inhrelid = c.oid) as child,
      coalesce(coalesce(b.typname, y.typname) in ('bpchar', 'citext') or not l.collisdeterministic, false) as inexact
    from pg_class c join ns n on n.oid = c.relnamespace
    left join pg_attribute a on a.attrelid = c.oid and a.attname = ${quoteLiteral(TENANT_COLUMN)} and a.attnum > 0 and not a.attisdropped
    left join pg_type y on y.oid = a.atttypid left join pg_type b on b.oid = y.typbasetype left join pg_collation l on l.oid = a.attcollation
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
      and (a.attnum is not null or not exists (select 1 from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'))
  ), reads as (
    select e.viewer, e.oid from edges e union select r.viewer, e.oid from reads r join edges e on e.viewer = r.oid
  )`
}

/** Whether the role with the oid of this column sees past every policy. */
export const bypassesSql = (column: string): string => `exists (select 1 from pg_roles free where free.oid = ${column} and (free.rolsuper or free.rolbypassrls))`

/** What the function in this row of pg_proc does, however it was written. */
export const sourceSql = (row: string): string => `coalesce(pg_get_function_sqlbody(${row}.oid), ${row}.prosrc)`

/** Whether the object with this oid in this catalog came with an extension. */
export const isMemberSql = (catalog: string, oid: string): string =>
  `exists (select 1 from pg_depend part where part.classid = '${catalog}'::regclass and part.objid = ${oid} and part.deptype = 'e')`

function textArray (texts: readonly string[]): string {
  return `array[${texts.map(quoteLiteral).join(', ')}]::text[]`
}
