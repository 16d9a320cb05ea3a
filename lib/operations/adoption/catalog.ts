import { Value } from '@sinclair/typebox/value'
import type { TransactionSql } from 'postgres'
import { AdoptionRefusedError } from '../../words/errors/index.ts'
import { quoteLiteral } from '../../words/names.ts'
import { RELATION_GRANTS, grantsOf } from './grants-sql.ts'
import { careOf, readViews } from './own-views.ts'
import { type Source, catalogSchema } from './source.ts'

const COLUMNS = `(select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'isNotNull', a.attnotnull,
    'default', pg_catalog.pg_get_expr(d.adbin, d.adrelid), 'isGenerated', a.attgenerated <> '') order by a.attnum), '[]')
  from pg_catalog.pg_attribute a left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)`

const KEYS = `(select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'name', ic.relname, 'constraint', k.contype,
    'columns', (select pg_catalog.json_agg(case i.indkey[n - 1] when 0 then '(' || pg_catalog.pg_get_indexdef(i.indexrelid, n, true) || ')'
        else (select a.attname from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum = i.indkey[n - 1]) end order by n)
      from pg_catalog.generate_series(1, i.indnkeyatts) n),
    'method', pg_catalog.substr(pg_catalog.pg_get_indexdef(i.indexrelid),
      pg_catalog.length(pg_catalog.format('CREATE UNIQUE INDEX %I ON %s ', ic.relname, c.oid::regclass)) + 1),
    'deferral', case when coalesce(k.condeferrable, false) then ' deferrable' || case when k.condeferred then ' initially deferred' else '' end else '' end,
    'comment', pg_catalog.obj_description(k.oid, 'pg_constraint'), 'indexComment', pg_catalog.obj_description(i.indexrelid, 'pg_class'),
    'dependents', (select coalesce(pg_catalog.json_agg(distinct pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)), '[]') from pg_catalog.pg_depend d
      where d.refclassid = 'pg_constraint'::regclass and d.refobjid = k.oid and d.classid in ('pg_rewrite'::regclass, 'pg_proc'::regclass)),
    'outsiders', (select coalesce(pg_catalog.json_agg(pg_catalog.pg_describe_object('pg_constraint'::regclass, f.oid, 0) order by f.oid), '[]') from pg_catalog.pg_constraint f
      join pg_catalog.pg_class fc on fc.oid = f.conrelid and fc.relnamespace <> c.relnamespace where f.contype = 'f' and f.conindid = i.indexrelid),
    'isClustered', i.indisclustered, 'isIdentity', i.indisreplident) order by ic.relname collate "C"), '[]')
  from pg_catalog.pg_index i join pg_catalog.pg_class ic on ic.oid = i.indexrelid
  left join pg_catalog.pg_constraint k on k.conindid = i.indexrelid and k.conrelid = i.indrelid and k.contype in ('p', 'u', 'x')
  where i.indrelid = c.oid and (i.indisunique or k.contype = 'x') and i.indisvalid)`

const FOREIGN_KEYS = `(select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'name', f.conname, 'schema', rn.nspname, 'table', r.relname,
    'columns', (select pg_catalog.json_agg(a.attname order by u.place) from pg_catalog.unnest(f.conkey) with ordinality u(number, place)
      join pg_catalog.pg_attribute a on a.attrelid = f.conrelid and a.attnum = u.number),
    'references', (select pg_catalog.json_agg(a.attname order by u.place) from pg_catalog.unnest(f.confkey) with ordinality u(number, place)
      join pg_catalog.pg_attribute a on a.attrelid = f.confrelid and a.attnum = u.number),
    'onDelete', f.confdeltype, 'onUpdate', f.confupdtype, 'match', f.confmatchtype,
    'deferral', case when f.condeferrable then ' deferrable' || case when f.condeferred then ' initially deferred' else '' end else '' end,
    'definition', pg_catalog.pg_get_constraintdef(f.oid), 'comment', pg_catalog.obj_description(f.oid, 'pg_constraint')) order by f.conname collate "C"), '[]')
  from pg_catalog.pg_constraint f join pg_catalog.pg_class r on r.oid = f.confrelid join pg_catalog.pg_namespace rn on rn.oid = r.relnamespace
  where f.conrelid = c.oid and f.contype = 'f')`

/** Those that a column owns, and those that a default draws from. */
const SEQUENCES = `(select coalesce(pg_catalog.json_agg(distinct pg_catalog.jsonb_build_object('schema', sn.nspname, 'name', s.relname,
    'isOwned', o.refobjid is not distinct from c.oid, 'owner', pg_catalog.pg_get_userbyid(s.relowner),
    'grants', (select coalesce(pg_catalog.json_agg(g.given order by g.place), '[]') from (${grantsOf('s.relacl', 's', 's.relowner')}) g))), '[]')
  from pg_catalog.pg_class s join pg_catalog.pg_namespace sn on sn.oid = s.relnamespace
  left join pg_catalog.pg_depend o on o.objid = s.oid and o.classid = 'pg_class'::regclass and o.deptype in ('a', 'i') and o.refclassid = 'pg_class'::regclass
  where s.relkind = 'S' and (o.refobjid = c.oid or exists (
    select from pg_catalog.pg_depend u join pg_catalog.pg_attrdef d on d.oid = u.objid and u.classid = 'pg_attrdef'::regclass
    where u.refobjid = s.oid and d.adrelid = c.oid)))`

/** Whose columns have the type of its rows. */
const TYPED = `(select coalesce(pg_catalog.json_agg(distinct o.relname), '[]') from pg_catalog.pg_type t join pg_catalog.pg_attribute a on a.atttypid in (t.oid, t.typarray) and not a.attisdropped
  join pg_catalog.pg_class o on o.oid = a.attrelid and o.relkind in ('r', 'p', 'm') where t.typrelid = c.oid)`

const TABLES = `(select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'name', c.relname, 'owner', pg_catalog.pg_get_userbyid(c.relowner), 'rows', greatest(c.reltuples, 0)::bigint,
    'isPlain', c.relkind = 'r' and not c.relispartition and not exists (select from pg_catalog.pg_inherits h where c.oid in (h.inhrelid, h.inhparent)),
    'isSecured', c.relrowsecurity, 'comment', pg_catalog.obj_description(c.oid, 'pg_class'),
    'typed', ${TYPED}, 'columns', ${COLUMNS}, 'keys', ${KEYS}, 'foreignKeys', ${FOREIGN_KEYS}, 'sequences', ${SEQUENCES},
    'triggers', (select coalesce(pg_catalog.json_agg(g.tgname order by g.tgname collate "C"), '[]') from pg_catalog.pg_trigger g where g.tgrelid = c.oid and not g.tgisinternal),
    'grants', ${RELATION_GRANTS}
    ) order by c.relname collate "C"), '[]')
  from pg_catalog.pg_class c where c.relnamespace = n.oid and c.relkind in ('r', 'p', 'f'))`

const TAKES_ROWS = `exists (select from pg_catalog.unnest(p.proargtypes) a join pg_catalog.pg_type t on t.oid = a
      join pg_catalog.pg_class c on c.oid = t.typrelid and c.relkind in ('r', 'v') where c.relnamespace = n.oid)`

/** What is no table and would not work as before, or not at all. */
const CARE = `(select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('kind', x.kind, 'name', x.name, 'reason', x.reason) order by x.kind, x.name collate "C"), '[]') from (
    select case c.relkind when 'v' then 'view' else 'materialized view' end as kind, c.relname as name,
      case c.relkind when 'v' then 'it reads none of the tables, and stays as it is: a tenant needs its own'
        else 'it keeps rows that nothing filters, and its owner cannot refresh it from enforce on: a tenant needs its own' end as reason
    from pg_catalog.pg_class c where c.relnamespace = n.oid and c.relkind in ('v', 'm')
    union all select 'function', p.oid::regprocedure::text, case when p.prosecdef then 'it runs as its owner, whom no tenant filters'
        when ${TAKES_ROWS} then 'it takes a row of a table or view: that of what stands in its place from stamp on has another type, and calls with it fail'
        when p.prosqlbody is not null then 'its body follows the tables, on which whoever calls it has no right from enforce on: then it fails'
        else 'its text names the schema, which is not where tenants'' tables are' end
    from pg_catalog.pg_proc p where p.pronamespace = n.oid and (p.prosecdef or p.prosqlbody is not null or ${TAKES_ROWS}
      or pg_catalog.strpos(p.prosrc, n.nspname || '.') > 0 or exists (select from pg_catalog.unnest(p.proconfig) s where s like 'search_path=%'))
    union all select 'type', t.typname, 'code that names it finds it where it is only by its schema: a tenant needs its own'
    from pg_catalog.pg_type t left join pg_catalog.pg_class c on c.oid = t.typrelid where t.typnamespace = n.oid and (t.typtype in ('e', 'd', 'r') or c.relkind = 'c')
    union all select 'rule', c.relname || '.' || r.rulename, 'a rule rewrites statements before anything filters them'
    from pg_catalog.pg_rewrite r join pg_catalog.pg_class c on c.oid = r.ev_class where c.relnamespace = n.oid and c.relkind in ('r', 'p')
    union all select 'publication', p.pubname, 'logical replication passes no filter (R-19), and its subscribers need the new column first'
    from pg_catalog.pg_publication p where p.puballtables or exists (select from pg_catalog.pg_publication_rel r
      join pg_catalog.pg_class c on c.oid = r.prrelid where r.prpubid = p.oid and c.relnamespace = n.oid)
  ) x)`

/**
 * Reads a schema of a live database. Nothing that the service waits for is locked, nothing is changed, and nothing of it is a secret.
 *
 * @throws {AdoptionRefusedError} FST_TENANCY_ADOPTION_REFUSED — there is no such schema.
 */
export async function readSource (tx: TransactionSql, schema: string): Promise<Source> {
  // So that every name in a definition has its schema.
  await tx.unsafe('set local search_path = \'\'')
  const [row] = await tx.unsafe(`select pg_catalog.json_build_object('tables', ${TABLES}, 'care', ${CARE}) as source
    from pg_catalog.pg_namespace n where n.nspname = ${quoteLiteral(schema)}`)
  if (row === undefined) throw new AdoptionRefusedError('the database has no such schema: name the one that holds the tables of the service.')
  const found: unknown = row['source']
  if (!Value.Check(catalogSchema, found)) throw new Error('the catalog described the schema in a way that is not known')
  const views = await readViews(tx, schema, found.tables)
  const own = new Set(views.filter((view) => view.schema === schema).map(({ name }) => name))
  const others = found.care.filter(({ kind, name }) => kind !== 'view' || !own.has(name))
  return { tables: found.tables, views: [...views], care: [...views.map((view) => careOf(view, schema)), ...others] }
}
