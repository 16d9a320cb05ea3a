import { CONTROL_SCHEMA, TENANT_COLUMN, quoteLiteral } from '../../../words/names.ts'
import { type Verdict, finding } from '../proof.ts'
import type { Subject } from './subject.ts'

const RELATIONS = "c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')"
const SYSTEM = "n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_toast%'"

/** Looks whether names without a schema find what is in the tenant's schema, and nothing in another but the extensions'. */
export async function checkNames (subject: Subject, extensionsSchema: string): Promise<Verdict> {
  const { schema } = subject.tenant
  const path = await subject.run(async (sql) => await sql.unsafe('select pg_catalog.unnest(pg_catalog.current_schemas(true))::pg_catalog.text as schema'))
  const searched = path.map((row) => String(row['schema'])).filter((name) => ![schema, extensionsSchema, 'pg_catalog'].includes(name) && !name.startsWith('pg_temp'))
  if (searched.length > 0) return { findings: searched.map((name) => finding('names', name, 'Names without a schema are looked for in it, for every tenant.', '-- look for what else sets search_path')) }
  const rows = await subject.run(async (sql) => await sql.unsafe(`
    select n.nspname::text as schema, c.relname::text as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where ${RELATIONS} and ${SYSTEM} and pg_catalog.pg_table_is_visible(c.oid) order by 1, 2`))
  const foreign = rows.filter((row) => row['schema'] !== schema && row['schema'] !== extensionsSchema)
  const own = rows.filter((row) => row['schema'] === schema).length
  if (foreign.length > 0) {
    return { findings: foreign.map((row) => finding('names', `${String(row['schema'])}.${String(row['name'])}`, 'A name without a schema finds it, for every tenant.', '-- move it into a migration of the tenants')) }
  }
  return own === 0 ? { skipped: `the schema of ${subject.tenant.id} has no tables yet` } : { ok: `${own} names are found in the schema of ${subject.tenant.id}, and none elsewhere` }
}

/** Looks for tables that the application's role can use although they are in nobody's schema. */
export async function checkOutside (subject: Subject, schemas: readonly string[]): Promise<Verdict> {
  const known = [CONTROL_SCHEMA, ...schemas].map(quoteLiteral).join(', ')
  const rows = await subject.run(async (sql) => await sql.unsafe(`
    select pg_catalog.format('%I.%I', n.nspname, c.relname) as name, pg_catalog.format('revoke all on %I.%I from %I', n.nspname, c.relname, current_user) as repair, exists (
      select from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attname = ${quoteLiteral(TENANT_COLUMN)} and a.attnum > 0) as marked
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f') and ${SYSTEM} and n.nspname not like 'tenant\\_%' and n.nspname not in (${known})
      and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.objid = c.oid and d.deptype = 'e')
      and pg_catalog.has_schema_privilege(n.oid, 'usage') and pg_catalog.has_table_privilege(c.oid, 'select, insert, update, delete') order by 1`))
  return {
    findings: rows.map((row) => finding('table-outside', String(row['name']), 'The application\'s role can use it, and it is in no tenant\'s schema: its rows are everybody\'s.',
      `${String(row['repair'])} -- or make it in a migration`, row['marked'] === true ? 'fatal' : 'warning'))
  }
}
