import { Value } from '@sinclair/typebox/value'
import type { TransactionSql } from 'postgres'
import { quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import { isServerError } from '../../data/lanes/index.ts'
import { RELATION_GRANTS } from './grants-sql.ts'
import { type CaredFor, type SourceTable, type SourceView, foundViewsSchema } from './source.ts'

/** Views can be made to read each other in a circle, and no query of one ends then. */
export const DEEPEST = 50

/** What reads the tables of a schema, views on views after those that they read; wherever it is. */
const viewsOf = (schema: string): string => `
  with recursive reading (oid, depth) as (
    select c.oid, 0 from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = ${quoteLiteral(schema)} and c.relkind in ('r', 'p', 'f')
    union select r.ev_class, b.depth + 1 from reading b
      join pg_catalog.pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = b.oid and d.classid = 'pg_rewrite'::regclass
      join pg_catalog.pg_rewrite r on r.oid = d.objid and r.ev_class <> b.oid
      join pg_catalog.pg_class v on v.oid = r.ev_class and v.relkind = 'v' where b.depth < ${DEEPEST})
  select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
    'oid', c.oid::text, 'schema', n.nspname, 'name', c.relname, 'owner', pg_catalog.pg_get_userbyid(c.relowner), 'grants', ${RELATION_GRANTS},
    'options', coalesce(pg_catalog.array_to_string(c.reloptions, ', '), ''), 'definition', pg_catalog.pg_get_viewdef(c.oid),
    'triggers', (select coalesce(pg_catalog.json_agg(pg_catalog.pg_get_triggerdef(g.oid) order by g.tgname collate "C"), '[]')
      from pg_catalog.pg_trigger g where g.tgrelid = c.oid and not g.tgisinternal and g.tgenabled in ('O', 'A')),
    'hasRules', exists (select from pg_catalog.pg_rewrite r where r.ev_class = c.oid and r.ev_type <> '1'),
    'readsSequence', exists (select from pg_catalog.pg_rewrite r join pg_catalog.pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
      join pg_catalog.pg_class s on s.oid = d.refobjid and s.relkind = 'S'
      join pg_catalog.pg_depend o on o.classid = 'pg_class'::regclass and o.objid = s.oid and o.deptype in ('a', 'i') and o.refclassid = 'pg_class'::regclass where r.ev_class = c.oid),
    'reads', (select coalesce(pg_catalog.json_agg(distinct d.refobjid::text), '[]') from pg_catalog.pg_rewrite r
      join pg_catalog.pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass and d.refobjid <> c.oid where r.ev_class = c.oid),
    'tables', (select coalesce(pg_catalog.json_agg(distinct t.relname), '[]') from pg_catalog.pg_rewrite r
      join pg_catalog.pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
      join pg_catalog.pg_class t on t.oid = d.refobjid and t.relkind in ('r', 'p', 'f') join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace and tn.nspname = ${quoteLiteral(schema)}
      where r.ev_class = c.oid)) order by v.depth, n.nspname collate "C", c.relname collate "C"), '[]') as views
  from (select oid, max(depth) as depth from reading where depth > 0 group by oid) v
  join pg_catalog.pg_class c on c.oid = v.oid join pg_catalog.pg_namespace n on n.oid = c.relnamespace`

/**
 * Reads the views of the service over its tables, and tries whether each could be made again over views of the same columns: in
 * temporary ones, which nobody else sees and which are taken back. Locks nothing that the service waits for.
 */
export async function readViews (tx: TransactionSql, schema: string, tables: readonly SourceTable[]): Promise<readonly SourceView[]> {
  const [row] = await tx.unsafe(viewsOf(schema))
  const found: unknown = row?.['views']
  if (!Value.Check(foundViewsSchema, found)) throw new Error('the catalog described a view in a way that is not known')
  if (found.length === 0) return []
  const refused = await tryOut(tx, schema, tables, found)
  const views = new Map<string, SourceView>()
  for (const { hasRules, readsSequence, reads, ...view } of found) {
    const below = reads.flatMap((oid) => views.get(oid) ?? [])
    const failing = below.find(({ obstacle }) => obstacle !== null)
    const own = hasRules ? 'it has rules' : readsSequence ? 'it names a sequence that goes with its table' : null
    const obstacle = own ?? (failing === undefined ? refused.get(view.oid) ?? null : `it reads ${failing.name}, which fails`)
    views.set(view.oid, { ...view, tables: [...new Set([...view.tables, ...below.flatMap((other) => other.tables)])].sort(), obstacle })
  }
  return [...views.values()]
}

/** Returns why views cannot be made again. */
async function tryOut (tx: TransactionSql, schema: string, tables: readonly SourceTable[], views: ReadonlyArray<Pick<SourceView, 'oid' | 'schema' | 'name' | 'options'>>): Promise<ReadonlyMap<string, string>> {
  const refused = new Map<string, string>()
  const taken = new Error('what was tried is taken back')
  await tx.savepoint(async (trial) => {
    // Without their schema in front, names are found among temporary ones first; but those of the server before, since a table may be called as a type is.
    await trial.unsafe(`set local search_path = pg_catalog, pg_temp, ${quoteIdentifier(schema)}`)
    const texts = await trial.unsafe('select oid, pg_catalog.pg_get_viewdef(oid::oid) as definition from pg_catalog.json_array_elements_text($1::text::json) oid', [JSON.stringify(views.map(({ oid }) => oid))])
    const definitions = new Map(texts.map((row) => [String(row['oid']), String(row['definition'])]))
    for (const { name, columns } of tables) await trial.unsafe(`create temporary view ${quoteIdentifier(name)} as select ${columns.map((column) => quoteIdentifier(column.name)).join(', ')} from ${quoteIdentifier(schema)}.${quoteIdentifier(name)}`)
    for (const view of views) {
      const name = quoteIdentifier(view.schema === schema ? view.name : `zakops_trial_${view.oid}`)
      await trial.savepoint(async (one) => {
        await one.unsafe(`create temporary view ${name}${optionsOf(view)} as ${definitions.get(view.oid) ?? ''}`)
        const [row] = await one.unsafe(`select (${columnsOf(`${view.oid}::oid`)}) is not distinct from (${columnsOf(`${quoteLiteral(`pg_temp.${name}`)}::regclass`)}) as same`)
        if (row?.['same'] !== true) refused.set(view.oid, 'its columns would have other types')
      }).catch((error: unknown) => {
        if (!isServerError(error) || error.code === '42501' || !/^(42|0A)/.test(error.code)) throw error
        refused.set(view.oid, error.message)
      })
    }
    throw taken
  }).catch((error: unknown) => { if (error !== taken) throw error })
  return refused
}

function columnsOf (relation: string): string {
  return `select pg_catalog.array_agg(row(attname, atttypid, atttypmod, attcollation)::text order by attnum) from pg_catalog.pg_attribute where attrelid = ${relation} and attnum > 0`
}

/** What stands between the name of a view and its query. */
export function optionsOf ({ options }: Pick<SourceView, 'options'>): string {
  return options === '' ? '' : ` with (${options})`
}

/** What somebody has to know of a view. */
export function careOf ({ schema, name, obstacle }: SourceView, source: string): CaredFor {
  const shown = schema === source ? name : `${schema}.${name}`
  if (obstacle === null) return { kind: 'view', name: shown, reason: 'the service goes on with it, and sees the one tenant\'s rows in it, until finish, which waits until it is dropped; a tenant needs its own, with security_invoker' }
  return { kind: 'failing view', name: shown, reason: `no view can take its place (${obstacle}): from enforce on its owner has no right on the tables and it fails, or, where that is a superuser, it shows the rows of every tenant` }
}
