import { quoteIdentifier } from '../../words/names.ts'
import type { AdoptedTable, AdoptionJob } from './job.ts'
import { probe } from './probe.ts'
import { withShortLock } from './short-locks.ts'

/** Builds an index while the table is used; what a killed build left is removed first. */
export async function buildIndex (job: AdoptionJob, table: AdoptedTable, name: string, statement: string): Promise<void> {
  const isValid = (await probe(job.sql, table)).indexes.get(name)
  if (isValid !== true) {
    // It waits for every older transaction, and nobody waits for it.
    await job.sql.unsafe('set lock_timeout = 0')
    if (isValid === false) await dropIndex(job, table, name)
    await job.sql.unsafe(statement)
  }
  job.tell('index', name)
}

export async function dropIndex ({ sql }: AdoptionJob, table: AdoptedTable, name: string): Promise<void> {
  await sql.unsafe('set lock_timeout = 0')
  await sql.unsafe(`drop index concurrently if exists ${quoteIdentifier(table.target)}.${quoteIdentifier(name)}`)
}

/**
 * Adds a constraint that holds for new rows at once, and looks at the old ones while the table is used.
 *
 * @param statement — adds it NOT VALID.
 */
export async function addConstraint (job: AdoptionJob, table: AdoptedTable, { name, statement, relations }: { readonly name: string, readonly statement: string, readonly relations: readonly string[] }): Promise<void> {
  const isValid = (await probe(job.sql, table)).constraints.get(name)
  if (isValid === undefined) await withShortLock(job, { name: table.original.name, relations }, async (tx) => { await tx.unsafe(statement) })
  if (isValid !== true) {
    await job.sql.unsafe('set lock_timeout = 0')
    await job.sql.unsafe(`alter table ${table.to} validate constraint ${quoteIdentifier(name)}`)
  }
  job.tell('constraint', name)
}
