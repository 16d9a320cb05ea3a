import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Sql } from 'postgres'

/** What a dump leaves out: the ledgers of this package, which an adoption writes to. */
const OWN = ['zakops_tenancy', 'information_schema']

/**
 * Describes a database as pg_dump does: definitions, owners, rights, comments, positions of sequences, and every row in the order in
 * which it lies in its table. What the catalog numbers, and columns that were dropped, do not show.
 */
export async function dumpOf (sql: Sql, { isSorted = false } = {}): Promise<string> {
  const queries = [
    `select 'schema', nspname, pg_get_userbyid(nspowner), nspacl::text, obj_description(oid, 'pg_namespace') from pg_namespace n where ${there('nspname')} order by 2`,
    `select 'relation', n.nspname, c.relname, c.relkind, pg_get_userbyid(c.relowner), ${aclOf('c')}, c.reloptions::text, c.relrowsecurity, c.relforcerowsecurity, c.relreplident, obj_description(c.oid, 'pg_class')
     from pg_class c join pg_namespace n on n.oid = c.relnamespace where ${there('n.nspname')} and c.relkind in ('r', 'v', 'm', 'S', 'p') order by 2, 3`,
    `select 'column', n.nspname, c.relname, row_number() over (partition by c.oid order by a.attnum), a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, a.attacl::text, pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)
     from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
     where ${there('n.nspname')} and c.relkind in ('r', 'v') and a.attnum > 0 and not a.attisdropped order by 2, 3, 4`,
    `select 'constraint', n.nspname, c.relname, k.conname, pg_get_constraintdef(k.oid), k.convalidated, obj_description(k.oid, 'pg_constraint') from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace where ${there('n.nspname')} and k.contype <> 'n' order by 2, 3, 4`,
    `select 'index', schemaname, tablename, indexname, indexdef, i.indisclustered, i.indisvalid, obj_description(i.indexrelid, 'pg_class') from pg_indexes x join pg_index i on i.indexrelid = format('%I.%I', schemaname, indexname)::regclass where ${there('schemaname')} order by 2, 3, 4`,
    `select 'trigger', n.nspname, c.relname, pg_get_triggerdef(t.oid) from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace where ${there('n.nspname')} and not t.tgisinternal order by 2, 3, 4`,
    `select 'policy', schemaname, tablename, policyname, qual, with_check from pg_policies where ${there('schemaname')} order by 2, 3, 4`,
    `select 'rule', schemaname, tablename, rulename, definition from pg_rules where ${there('schemaname')} order by 2, 3, 4`,
    `select 'view', schemaname, viewname, definition from pg_views where ${there('schemaname')} order by 2, 3`,
    `select 'function', n.nspname, pg_get_functiondef(p.oid) from pg_proc p join pg_namespace n on n.oid = p.pronamespace where ${there('n.nspname')} and p.prokind = 'f' order by 2, 3`,
    `select 'owned by', n.nspname, s.relname, t.relname, a.attname from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S' join pg_namespace n on n.oid = s.relnamespace join pg_class t on t.oid = d.refobjid join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid where d.deptype in ('a', 'i') and ${there('n.nspname')} order by 2, 3`
  ]
  const lines: string[] = []
  await sql.begin(async (tx) => {
    await tx`set local search_path = ''`
    for (const query of queries) for (const row of await tx.unsafe(query).values()) lines.push(JSON.stringify(row))
    for (const { name } of await tx.unsafe(`select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'S' and ${there('n.nspname')} order by 1`)) {
      lines.push(JSON.stringify(['sequence', name, await tx.unsafe(`select last_value::text, is_called from ${String(name)}`)]))
    }
    for (const { name } of await tx.unsafe(`select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and ${there('n.nspname')} order by 1`)) {
      const rows = (await tx.unsafe(`select t::text as line from ${String(name)} t`)).map((row) => `${String(name)} ${String(row['line'])}`)
      lines.push(...(isSorted ? rows.sort() : rows))
    }
  })
  return lines.join('\n')
}

function there (column: string): string {
  return `${column} not like 'pg\\_%' and ${column} not in (${OWN.map((name) => `'${name}'`).join(', ')})`
}

/** Rights that were given and are what there is without giving any are none. */
function aclOf (alias: string): string {
  return `(select string_agg(x::text, ' ' order by n) from unnest(${alias}.relacl) with ordinality a(x, n) where not (x = any (acldefault(case ${alias}.relkind when 'S' then 's' else 'r' end::"char", ${alias}.relowner))))`
}

const PG_DUMP = '/usr/lib/postgresql/15/bin/pg_dump'

/** Whether PostgreSQL's own pg_dump is here, for the server of Debian's package. */
export const hasPgDump = existsSync(PG_DUMP)

/** What pg_dump makes of a database, but for the ledgers of this package. */
export function pgDump (url: string): string {
  // Its newer versions write a random word into the file.
  return execFileSync(PG_DUMP, [url, '--exclude-schema=zakops_tenancy'], { encoding: 'utf8', maxBuffer: 100_000_000 }).replaceAll(/^\\(un)?restrict .*$/gm, '')
}
