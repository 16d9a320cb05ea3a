import type { TransactionSql } from 'postgres'
import { TENANT_COLUMN, TENANT_SETTING, quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import { isolationCondition } from '../policies/index.ts'
import { type AdoptedTable, type AdoptionJob, quietly } from './job.ts'
import { type ForeignKeyChange, foreignKeyChanges, keyChanges } from './keys.ts'
import { probe } from './probe.ts'
import type { SourceSequence } from './source.ts'
import { noteStage } from './state.ts'

/** What a table holds, and what the tenant would see of it. */
export interface ShadowCount {
  readonly table: string
  readonly rows: number
  readonly seen: number
}

/** What comparing has found. */
export interface ShadowReport {
  readonly counts: readonly ShadowCount[]
  /** A sentence for whatever the tenant would not find as it was; nothing is enforced before there is none. */
  readonly differences: readonly string[]
  /** What is not right and was not before either. */
  readonly warnings: readonly string[]
}

/**
 * Reads every table as the tenant, with the condition that its policy will have, beside all of it, in one snapshot; and looks
 * at keys, foreign keys and sequences. Changes nothing, and nobody waits for it.
 */
export async function compare (job: AdoptionJob): Promise<ShadowReport> {
  const unready = await unreadyParts(job)
  const { counts, strays, warnings } = await quietly(job, async (tx) => {
    await tx.unsafe('set transaction isolation level repeatable read, read only')
    await tx.unsafe(`select pg_catalog.set_config(${quoteLiteral(TENANT_SETTING)}, $1, true)`, [job.tenant])
    const seen: ShadowCount[] = []
    for (const table of job.tables) seen.push(await countRows(tx, job, table))
    return { counts: seen, strays: await strayChildren(tx, job), warnings: await lateSequences(tx, job) }
  })
  const hidden = counts.filter(({ rows, seen }) => rows !== seen).map(({ table, rows, seen }) => `of ${rows} rows of ${table} the tenant would see ${seen}.`)
  return { counts, differences: [...unready, ...hidden, ...strays], warnings }
}

/** Compares, and notes it where there is no difference. */
export async function shadow (job: AdoptionJob): Promise<ShadowReport> {
  const report = await compare(job)
  if (report.differences.length === 0 && job.state.stage === 'stamped') await quietly(job, async (tx) => await noteStage(tx, job.state.source, 'shadowed'))
  return report
}

async function countRows (tx: TransactionSql, job: AdoptionJob, table: AdoptedTable): Promise<ShadowCount> {
  const isFiltered = table.isTenants && job.strategy.hasPolicies
  const [row] = await tx.unsafe(`select count(*)::int as rows, count(*) filter (where ${isFiltered ? isolationCondition('text') : 'true'})::int as seen from ${table.to}`)
  job.tell('compare', table.original.name)
  return { table: table.original.name, rows: Number(row?.['rows']), seen: Number(row?.['seen']) }
}

/** What a step before this one has not finished, or somebody has taken away since. */
async function unreadyParts (job: AdoptionJob): Promise<readonly string[]> {
  const problems: string[] = []
  for (const table of job.tables) {
    const found = await probe(job.sql, table)
    const { name } = table.original
    if (!found.isMoved) problems.push(`the table ${name} is not in its new place.`)
    if (table.isTenants && job.strategy.hasPolicies && !found.hasColumn) problems.push(`the table ${name} has no column ${TENANT_COLUMN}.`)
    for (const { newName, key } of keyChanges(job).filter((change) => change.table === table)) if (found.indexes.get(newName) !== true) problems.push(`the key ${key.name} of ${name} is not built.`)
    for (const { newName, key } of foreignKeyChanges(job).filter((change) => change.table === table)) if (found.constraints.get(newName) !== true) problems.push(`the foreign key ${key.name} of ${name} is not checked.`)
  }
  return problems
}

/** Children whose parents are another tenant's. */
async function strayChildren (tx: TransactionSql, job: AdoptionJob): Promise<readonly string[]> {
  const problems: string[] = []
  for (const change of foreignKeyChanges(job)) {
    const [row] = await tx.unsafe(`select count(*)::int as strays from ${change.table.to} c join ${change.parent.to} p on ${matchOf(change)} where c.${quoteIdentifier(TENANT_COLUMN)} <> p.${quoteIdentifier(TENANT_COLUMN)}`)
    if (Number(row?.['strays']) > 0) problems.push(`${String(row?.['strays'])} rows of ${change.table.original.name} refer to another tenant's rows (${change.key.name}).`)
  }
  return problems
}

function matchOf ({ key }: ForeignKeyChange): string {
  return key.columns.map((name, index) => `c.${quoteIdentifier(name)} = p.${quoteIdentifier(key.references[index] ?? '')}`).join(' and ')
}

/** Sequences that would give out a number that is taken. */
async function lateSequences (tx: TransactionSql, job: AdoptionJob): Promise<readonly string[]> {
  const problems: string[] = []
  for (const table of job.tables) {
    for (const sequence of table.original.sequences) {
      const name = sequenceName(job, table, sequence)
      const [drawn] = await tx.unsafe(`
        select a.attname as column, coalesce(pg_catalog.pg_sequence_last_value(${quoteLiteral(name)}::regclass), 0)::text as last from pg_catalog.pg_attribute a
        where a.attrelid = ${quoteLiteral(table.to)}::regclass and a.attnum > 0 and not a.attisdropped and (exists (
          select from pg_catalog.pg_depend d where d.objid = ${quoteLiteral(name)}::regclass and d.refobjid = a.attrelid and d.refobjsubid = a.attnum) or exists (
          select from pg_catalog.pg_attrdef e join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_attrdef'::regclass and d.objid = e.oid
          where e.adrelid = a.attrelid and e.adnum = a.attnum and d.refobjid = ${quoteLiteral(name)}::regclass))`)
      if (drawn === undefined) continue
      const [row] = await tx.unsafe(`select coalesce(max(${quoteIdentifier(String(drawn['column']))}::numeric), 0) > ${String(drawn['last'])} as late from ${table.to}`)
      if (row?.['late'] === true) problems.push(`the sequence ${sequence.name} of ${table.original.name} is behind its rows.`)
    }
  }
  return problems
}

/** Where a sequence is: one that a column owns is always where the table is, another comes after when policies are on. */
export function sequenceName ({ state }: AdoptionJob, table: AdoptedTable, { schema, name, isOwned }: SourceSequence, isEnforced = false): string {
  const isAway = isOwned || (isEnforced && schema === state.source)
  return `${quoteIdentifier(isAway ? table.target : schema)}.${quoteIdentifier(name)}`
}
