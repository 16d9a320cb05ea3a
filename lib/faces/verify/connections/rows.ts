import { strategyOf } from '../../../data/isolation/index.ts'
import { TENANT_COLUMN, quoteIdentifier, quoteLiteral } from '../../../words/names.ts'
import type { Finding } from '../../../words/types.ts'
import { type Verdict, finding } from '../proof.ts'
import type { Subject } from './subject.ts'
import { changesForeignRow, givesRowAway } from './writes.ts'

/** A table of the tenant that is looked at. */
export interface OwnTable {
  /** Schema and name, quoted. */
  readonly quoted: string
  /** The condition that holds for the tenant's rows. */
  readonly mine: string
  readonly isMarked: boolean
}

const REPAIR = '-- "zakops-tenancy migrate" puts policies back; look at grants and BYPASSRLS with "zakops-tenancy audit"'

/** Looks whether others reach the rows of a tenant by the name of its schema: reading, and writing in transactions that are rolled back. */
export async function checkRows (owner: Subject, others: readonly Subject[]): Promise<Verdict> {
  const { isolation, id } = owner.tenant
  if (!strategyOf(isolation).hasPolicies) return { skipped: `under "${isolation}" the ${isolation === 'database' ? 'database' : 'path'} alone keeps rows apart: there is no second line to try` }
  const tables = await tablesOf(owner)
  // What the tenant itself cannot see proves nothing when others do not see it.
  const filled = await seenBy(owner, tables)
  if (filled.length === 0) return { skipped: `no table of ${id} has a row that could be looked for` }
  const findings: Finding[] = []
  for (const other of others) {
    const seen = await seenBy(other, filled)
    findings.push(...seen.map(({ quoted }) => finding('rows-readable', quoted, `Another tenant reads rows of ${id} in it.`, REPAIR)))
    for (const table of filled) {
      if (await changesForeignRow(other, table)) findings.push(finding('rows-writable', table.quoted, `Another tenant changes rows of ${id} in it.`, REPAIR))
    }
  }
  for (const table of filled) {
    const stranger = others.at(-1)
    if (table.isMarked && stranger !== undefined && await givesRowAway(owner, table, stranger.tenant.id)) findings.push(finding('rows-given-away', table.quoted, `${id} writes rows of another tenant into it.`, REPAIR))
  }
  return findings.length > 0 ? { findings } : { ok: `${others.length} others neither read nor change rows of ${id} in ${filled.length} of ${tables.length} tables, those that have any` }
}

/** The tables that the tenant may read; in the shared schema those with the tenant column, the rest is for all on purpose. */
async function tablesOf (owner: Subject): Promise<readonly OwnTable[]> {
  const { schema, isolation, id } = owner.tenant
  const rows = await owner.run(async (sql) => await sql.unsafe(`
    select c.relname::text as name, exists (
      select from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attname = ${quoteLiteral(TENANT_COLUMN)} and a.attnum > 0 and not a.attisdropped) as marked
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${quoteLiteral(schema)} and c.relkind in ('r', 'p') and pg_catalog.has_table_privilege(c.oid, 'select') order by 1`))
  return rows.filter((row) => row['marked'] === true || strategyOf(isolation).hasOwnSchema).map((row) => {
    const isMarked = row['marked'] === true
    return {
      quoted: `${quoteIdentifier(schema)}.${quoteIdentifier(String(row['name']))}`,
      mine: isMarked ? `${quoteIdentifier(TENANT_COLUMN)}::pg_catalog.text = ${quoteLiteral(id)}` : 'true',
      isMarked
    }
  })
}

/** Returns the tables in which a subject sees a row of theirs. */
async function seenBy (subject: Subject, tables: readonly OwnTable[]): Promise<readonly OwnTable[]> {
  if (tables.length === 0) return []
  const each = tables.map(({ quoted, mine }, at) => `select ${at} as number, exists (select from ${quoted} where ${mine}) as seen`)
  const rows = await subject.run(async (sql) => await sql.unsafe(each.join(' union all ')))
  const seen = new Set(rows.filter((row) => row['seen'] === true).map((row) => Number(row['number'])))
  return tables.filter((_, at) => seen.has(at))
}
