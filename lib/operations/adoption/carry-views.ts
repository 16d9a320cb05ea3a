import type { TransactionSql } from 'postgres'
import { AdoptionRefusedError } from '../../words/errors/index.ts'
import { CONTROL_SCHEMA, quoteIdentifier } from '../../words/names.ts'
import { restoreGrants } from './grants.ts'
import { type AdoptionJob, quietly } from './job.ts'
import { DEEPEST, optionsOf } from './own-views.ts'
import { withShortLock } from './short-locks.ts'
import type { SourceView } from './source.ts'

// A view follows its tables wherever they go, and its owner is about to have no right on them. So the service's own views are put aside as they are, where
// nobody can name them, and others of the same text stand in their places: those read the views that stand in the places of the tables. Nothing
// of the text is kept by writing it anew, since what the server prints of a view is not always what it would print of that: an undo puts back the view itself.

/** Of the administrator's, and without a right for anybody else. */
export const ASIDE = `${CONTROL_SCHEMA}_views`

/** A view that takes part, with its places. Everything is quoted. */
interface CarriedView {
  readonly original: SourceView
  /** Where the service has it. */
  readonly from: string
  readonly aside: string
}

/** The views that go on until the end, those that others read first. */
function carriedViews ({ state, tables }: AdoptionJob): readonly CarriedView[] {
  const adopted = new Set(tables.map(({ original }) => original.name))
  return state.original.views.filter((view) => view.obstacle === null && view.tables.some((name) => adopted.has(name)))
    .map((original) => ({ original, from: `${quoteIdentifier(original.schema)}.${quoteIdentifier(original.name)}`, aside: `${quoteIdentifier(ASIDE)}.${asideName(original)}` }))
}

function asideName ({ oid }: SourceView): string {
  return quoteIdentifier(`view_${oid}`)
}

/** Lets every view of the service read what stands in the places of its tables. Each is changed by itself, while the others go on. */
export async function carryViews (job: AdoptionJob): Promise<void> {
  const views = carriedViews(job)
  if (views.length > 0) await quietly(job, async (tx) => { await tx.unsafe(`create schema if not exists ${quoteIdentifier(ASIDE)}`) })
  for (const view of views) {
    if (!await isAside(job, view)) await withShortLock(job, { name: view.original.name, relations: [view.from], isLockedByItself: true }, async (tx) => await carry(tx, view))
    job.tell('view', view.original.name)
  }
}

async function isAside ({ sql }: AdoptionJob, { aside }: CarriedView): Promise<boolean> {
  const [row] = await sql`select pg_catalog.to_regclass(${aside}) is not null as aside`
  return row?.['aside'] === true
}

async function carry (tx: TransactionSql, { original, from }: CarriedView): Promise<void> {
  await tx.unsafe('set local search_path = \'\'')
  const defaults = await readDefaults(tx, from)
  await tx.unsafe([
    `alter view ${from} rename to ${asideName(original)}`,
    `alter view ${quoteIdentifier(original.schema)}.${asideName(original)} set schema ${quoteIdentifier(ASIDE)}`,
    `create view ${from}${optionsOf(original)} as ${original.definition.replace(/;\s*$/, '')}`,
    ...defaults.map((change) => `alter view ${from} ${change}`),
    ...original.triggers
  ].join(';\n'))
  await restoreGrants(tx, 'table', from, original)
}

/** As they are called now: a sequence that a column owns has gone with its table. */
async function readDefaults (tx: TransactionSql, view: string): Promise<readonly string[]> {
  const rows = await tx`select pg_catalog.format('alter column %I set default %s', a.attname, pg_catalog.pg_get_expr(d.adbin, d.adrelid)) as change
    from pg_catalog.pg_attrdef d join pg_catalog.pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum where d.adrelid = pg_catalog.to_regclass(${view}) order by a.attnum`
  return rows.map((row) => String(row['change']))
}

/** Puts every view back, as it was; those first that read others. */
export async function returnViews (job: AdoptionJob): Promise<void> {
  for (const view of carriedViews(job).toReversed()) {
    const { original, from, aside } = view
    if (await isAside(job, view)) {
      await withShortLock(job, { name: original.name, relations: [from], isLockedByItself: true }, async (tx) => {
        await tx.unsafe([
          `drop view if exists ${from}`,
          `alter view ${aside} set schema ${quoteIdentifier(original.schema)}`,
          `alter view ${quoteIdentifier(original.schema)}.${asideName(original)} rename to ${quoteIdentifier(original.name)}`
        ].join(';\n'))
      })
    }
    job.tell('view', original.name)
  }
}

/** Drops for good what was put aside, when nothing stands for it any more. */
export async function dropAside (tx: TransactionSql, job: AdoptionJob): Promise<void> {
  for (const { aside } of carriedViews(job).toReversed()) await tx.unsafe(`drop view if exists ${aside}`)
  await dropIfEmpty(tx, ASIDE)
}

/** Drops a schema that nothing is left in; what somebody else has put there keeps it. */
export async function dropIfEmpty (tx: TransactionSql, schema: string): Promise<void> {
  const [row] = await tx`select 1 from pg_catalog.pg_namespace n where n.nspname = ${schema} and not exists (select from pg_catalog.pg_depend d where d.refclassid = 'pg_namespace'::regclass and d.refobjid = n.oid and d.deptype = 'n')`
  if (row !== undefined) await tx.unsafe(`drop schema ${quoteIdentifier(schema)}`)
}

/**
 * Refuses to go on where something still reads the views that are to go.
 *
 * @param isForGood — whether what stands for the service's own views counts too, which an undo takes away by itself.
 */
export async function assertUnread (job: AdoptionJob, isForGood: boolean): Promise<void> {
  const views = carriedViews(job)
  const standing: string[] = []
  const going = job.tables.map(({ from }) => from)
  for (const view of views) if (await isAside(job, view)) (isForGood ? going : standing).push(isForGood ? view.aside : view.from)
  const rows = await job.sql.unsafe(`
    with recursive going (oid) as (
      select c.oid from pg_catalog.json_array_elements_text($1::text::json) place join pg_catalog.pg_class c on c.oid = pg_catalog.to_regclass(place) where c.relkind = 'v'),
    reading (oid, depth) as (
      select oid, 0 from going
      union select r.ev_class, b.depth + 1 from reading b join pg_catalog.pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = b.oid and d.classid = 'pg_rewrite'::regclass
        join pg_catalog.pg_rewrite r on r.oid = d.objid and r.ev_class <> b.oid where b.depth < ${DEEPEST})
    select oid::regclass::text as name from reading
    where oid not in (select oid from going) and oid not in (select pg_catalog.to_regclass(place) from pg_catalog.json_array_elements_text($2::text::json) place where pg_catalog.to_regclass(place) is not null)
    group by oid order by max(depth) desc, 1`, [JSON.stringify(going), JSON.stringify(standing)])
  if (rows.length > 0) throw new AdoptionRefusedError(`views read what is to go: drop them first, in this order: ${rows.map((row) => String(row['name'])).join(', ')}.`)
}
