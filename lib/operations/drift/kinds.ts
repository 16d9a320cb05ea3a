import { IS_MARKED_SQL } from '../policies/index.ts'

/** One kind of what a schema holds. The order of the kinds is that in which they can be made. */
export interface ObjectKind {
  readonly kind: string
  /**
   * Selects `schema`, `object`, `definition`, which says all there is to compare, and `make` and `drop`, SQL that makes it anew
   * and takes it away, and for some `change`, which turns another into it; of many schemas at once, those in `$1`, in the order in which they were made. Names are qualified: the path is empty.
   */
  readonly sql: string
  /** Why it is not taken away by itself; undefined where nothing is lost with it. */
  readonly keep?: string
  /** Why it is not changed by itself. */
  readonly keepAsIs?: string
  /** Whether it has to be dropped before it is made anew. */
  readonly isReplaced?: boolean
}

// Tables that every tenant reads are no tenant's, whatever schema they are in.
const RELATIONS = `pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = any($1::text[]) and not ${IS_MARKED_SQL}`
const TABLES = `${RELATIONS} and c.relkind in ('r', 'p')`
const NAME = "format('%I.%I', n.nspname, c.relname)"
const COLUMNS = `${TABLES} join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum`
// As they were made: a column's place is part of a table, and what was made later may need what was there.
const IN_ORDER = 'c.oid, a.attnum'
const TYPE = 'format_type(a.atttypid, a.atttypmod)'
const DEFAULT = 'pg_get_expr(d.adbin, d.adrelid)'
const GENERATED = `case when a.attidentity <> '' then format(' generated %s as identity', case a.attidentity when 'a' then 'always' else 'by default' end)
  when a.attgenerated <> '' then format(' generated always as (%s) stored', ${DEFAULT}) else '' end`
const RIGHTS = `coalesce((select string_agg(format('%s:%s', coalesce(r.rolname, 'public'), lower(x.privilege_type)), ', ' order by r.rolname, x.privilege_type)
  from aclexplode(acl) x left join pg_roles r on r.oid = x.grantee where x.grantee <> owner), '')`
const GRANTS = `coalesce((select string_agg(format('grant %s on %s to %s', lower(x.privilege_type), target, coalesce(quote_ident(r.rolname), 'public')), '; ' order by r.rolname, x.privilege_type)
  from aclexplode(acl) x left join pg_roles r on r.oid = x.grantee where x.grantee <> owner), '')`
const REVOKES = `coalesce((select string_agg(distinct format('revoke all on %s from %s', target, coalesce(quote_ident(r.rolname), 'public')), '; ')
  from aclexplode(acl) x left join pg_roles r on r.oid = x.grantee where x.grantee <> owner), '')`

const grants = (kind: string, rows: string): ObjectKind => ({
  kind, isReplaced: true, sql: `select schema, object, ${RIGHTS} as definition, ${GRANTS} as make, ${REVOKES} as drop from (${rows}) o order by object`
})

export const OBJECT_KINDS: readonly ObjectKind[] = [
  {
    kind: 'type',
    keep: 'columns may have it',
    keepAsIs: 'rows may hold its values',
    sql: `select n.nspname as schema, t.typname as object, 'drop type ' || format('%I.%I', n.nspname, t.typname) as drop,
      case t.typtype when 'e' then format('create type %I.%I as enum (%s)', n.nspname, t.typname, e.labels) when 'd' then format('create domain %I.%I as %s%s%s', n.nspname, t.typname,
        format_type(t.typbasetype, t.typtypmod), case when t.typnotnull then ' not null' else '' end, k.checks) end as make,
      case t.typtype when 'e' then e.labels when 'd' then format_type(t.typbasetype, t.typtypmod) || t.typnotnull || k.checks end as definition
      from pg_type t join pg_namespace n on n.oid = t.typnamespace and n.nspname = any($1::text[]),
      lateral (select string_agg(quote_literal(enumlabel), ', ' order by enumsortorder) as labels from pg_enum where enumtypid = t.oid) e,
      lateral (select coalesce(string_agg(format(' constraint %I %s', conname, pg_get_constraintdef(oid)), '' order by conname), '') as checks from pg_constraint where contypid = t.oid and contype = 'c') k
      where t.typtype in ('e', 'd') order by t.oid`
  },
  {
    kind: 'sequence',
    keep: 'its numbers may be in use',
    sql: `select n.nspname as schema, c.relname as object, concat_ws(' ', format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcycle) as definition,
      format('create sequence if not exists %1$s; alter sequence %1$s as %2$s start %3$s increment %4$s minvalue %5$s maxvalue %6$s %7$s', ${NAME}, format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin, s.seqmax,
        case when s.seqcycle then 'cycle' else 'no cycle' end) as make, 'drop sequence ' || ${NAME} as drop
      from ${RELATIONS} join pg_sequence s on s.seqrelid = c.oid where not exists (select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'i') order by c.oid`
  },
  {
    kind: 'table',
    keep: 'it may hold rows',
    keepAsIs: 'its rows would have to be moved',
    sql: `select n.nspname as schema, c.relname as object, concat_ws(' ', c.relkind, c.relpersistence, c.reloptions::text, pg_get_partkeydef(c.oid)) as definition,
      case when c.relkind = 'r' and not c.relispartition then format('create table %s ()', ${NAME}) end as make, 'drop table ' || ${NAME} as drop from ${TABLES} order by c.oid`
  },
  {
    kind: 'column',
    keep: 'it may hold values',
    keepAsIs: 'its values would have to be converted',
    sql: `select n.nspname as schema, c.relname || '.' || a.attname as object, ${TYPE} || ${GENERATED} as definition, format('alter table %s drop column %I', ${NAME}, a.attname) as drop,
      format('alter table %s add column %I %s%s%s%s', ${NAME}, a.attname, ${TYPE}, ${GENERATED}, case when a.attgenerated = '' then ' default ' || ${DEFAULT} else '' end, case when a.attnotnull then ' not null' else '' end) as make,
      format('alter table %s alter column %I type %s', ${NAME}, a.attname, ${TYPE}) as change from ${COLUMNS} order by ${IN_ORDER}`
  },
  {
    kind: 'not null',
    sql: `select n.nspname as schema, c.relname || '.' || a.attname as object, 'not null' as definition, format('alter table %s alter column %I set not null', ${NAME}, a.attname) as make,
      format('alter table %s alter column %I drop not null', ${NAME}, a.attname) as drop from ${COLUMNS} where a.attnotnull order by ${IN_ORDER}`
  },
  {
    kind: 'default',
    sql: `select n.nspname as schema, c.relname || '.' || a.attname as object, ${DEFAULT} as definition, format('alter table %s alter column %I set default %s', ${NAME}, a.attname, ${DEFAULT}) as make,
      format('alter table %s alter column %I drop default', ${NAME}, a.attname) as drop from ${COLUMNS} where d.adbin is not null and a.attgenerated = '' order by ${IN_ORDER}`
  },
  {
    kind: 'sequence owner',
    sql: `select n.nspname as schema, c.relname as object, o.name as definition, format('alter sequence %s owned by %s', ${NAME}, o.name) as make, format('alter sequence %s owned by none', ${NAME}) as drop
      from ${RELATIONS} and c.relkind = 'S' join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'a' and d.refobjsubid > 0,
      lateral (select format('%I.%I.%I', tn.nspname, t.relname, ta.attname) as name from pg_class t join pg_namespace tn on tn.oid = t.relnamespace join pg_attribute ta on ta.attrelid = t.oid and ta.attnum = d.refobjsubid where t.oid = d.refobjid) o order by c.oid`
  },
  {
    kind: 'function',
    sql: `select n.nspname as schema, p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' as object, pg_get_functiondef(p.oid) as definition, pg_get_functiondef(p.oid) as make,
      format('drop %s %I.%I(%s)', case p.prokind when 'p' then 'procedure' else 'function' end, n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as drop
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace and n.nspname = any($1::text[]) where p.prokind in ('f', 'p', 'w') order by p.oid`
  },
  {
    kind: 'constraint',
    isReplaced: true,
    sql: `select n.nspname as schema, c.relname || '.' || k.conname as object, pg_get_constraintdef(k.oid) as definition,
      format('alter table %s add constraint %I %s', ${NAME}, k.conname, pg_get_constraintdef(k.oid)) as make, format('alter table %s drop constraint %I', ${NAME}, k.conname) as drop
      from ${TABLES} join pg_constraint k on k.conrelid = c.oid and k.contype in ('c', 'f', 'p', 'u', 'x') order by k.contype = 'f', k.oid`
  },
  {
    kind: 'index',
    isReplaced: true,
    sql: `select n.nspname as schema, c.relname || '.' || i.relname as object, pg_get_indexdef(i.oid) || case when x.indisvalid then '' else ' invalid' end as definition, pg_get_indexdef(i.oid) as make, format('drop index %I.%I', n.nspname, i.relname) as drop
      from ${RELATIONS} and c.relkind in ('r', 'p', 'm') join pg_index x on x.indrelid = c.oid join pg_class i on i.oid = x.indexrelid where not exists (select from pg_constraint k where k.conindid = i.oid and k.conrelid = c.oid) order by i.oid`
  },
  {
    kind: 'view',
    isReplaced: true,
    sql: `select n.nspname as schema, c.relname as object, c.relkind::text || coalesce(c.reloptions::text, '') || pg_get_viewdef(c.oid) as definition, format('create %s %s %s as %s', case c.relkind when 'm' then 'materialized view' else 'view' end, ${NAME},
      coalesce('with (' || array_to_string(c.reloptions, ', ') || ')', ''), rtrim(pg_get_viewdef(c.oid), ';')) as make, format('drop %s %s', case c.relkind when 'm' then 'materialized view' else 'view' end, ${NAME}) as drop from ${RELATIONS} and c.relkind in ('v', 'm') order by c.oid`
  },
  {
    kind: 'trigger',
    isReplaced: true,
    sql: `select n.nspname as schema, c.relname || '.' || t.tgname as object, pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text as definition, pg_get_triggerdef(t.oid) as make, format('drop trigger %I on %s', t.tgname, ${NAME}) as drop
      from ${RELATIONS} join pg_trigger t on t.tgrelid = c.oid and not t.tgisinternal order by t.oid`
  },
  {
    kind: 'policy',
    isReplaced: true,
    keep: 'it may keep something out',
    sql: `select n.nspname as schema, c.relname || '.' || p.polname as object, w.words as definition, format('create policy %I on %s%s', p.polname, ${NAME}, w.words) as make, format('drop policy %I on %s', p.polname, ${NAME}) as drop
      from ${TABLES} join pg_policy p on p.polrelid = c.oid, lateral (select concat(case when p.polpermissive then ' as permissive' else ' as restrictive' end,
        case p.polcmd when 'r' then ' for select' when 'a' then ' for insert' when 'w' then ' for update' when 'd' then ' for delete' else ' for all' end,
        ' to ' || case when p.polroles = '{0}' then 'public' else (select string_agg(quote_ident(rolname), ', ' order by rolname) from pg_roles where oid = any(p.polroles)) end,
        ' using (' || pg_get_expr(p.polqual, c.oid) || ')', ' with check (' || pg_get_expr(p.polwithcheck, c.oid) || ')') as words) w order by p.oid`
  },
  {
    kind: 'row security',
    keep: 'it may keep something out',
    sql: `select n.nspname as schema, c.relname as object, w.word as definition, format('alter table %1$s enable row level security', ${NAME}) as make, format('alter table %1$s disable row level security', ${NAME}) as drop
      from ${TABLES}, lateral (select 'enabled' as word) w where c.relrowsecurity order by c.oid`
  },
  {
    kind: 'forced row security',
    keep: 'it may keep something out',
    sql: `select n.nspname as schema, c.relname as object, 'forced' as definition, format('alter table %1$s force row level security', ${NAME}) as make, format('alter table %1$s no force row level security', ${NAME}) as drop from ${TABLES} where c.relforcerowsecurity order by c.oid`
  },
  {
    kind: 'owner',
    sql: `select n.nspname as schema, c.relname as object, pg_get_userbyid(c.relowner) as definition, format('alter table %s owner to %I', ${NAME}, pg_get_userbyid(c.relowner)) as make, '' as drop
      from ${RELATIONS} and c.relkind in ('r', 'p', 'v', 'm') order by c.oid`
  },
  grants('grants', `select n.nspname as schema, c.relname as object, c.relacl as acl, c.relowner as owner, case c.relkind when 'S' then 'sequence ' else 'table ' end || ${NAME} as target from ${RELATIONS} and c.relkind in ('r', 'p', 'v', 'm', 'S')`),
  grants('schema grants', "select n.nspname as schema, 'schema' as object, n.nspacl as acl, n.nspowner as owner, format('schema %I', n.nspname) as target from pg_namespace n where n.nspname = any($1::text[])")
]
