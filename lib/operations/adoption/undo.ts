import type { TransactionSql } from 'postgres'
import { AdoptionRefusedError } from '../../words/errors/index.ts'
import { CONTROL_SCHEMA, TENANT_COLUMN, quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import { noteAction } from '../../data/owner/index.ts'
import { GRANT_POLICY, ISOLATION_POLICY, OWN_ROWS_CHECK, revokeOnSchema } from '../policies/index.ts'
import { sharedLedger } from '../migrations/index.ts'
import { TENANTS_TABLE } from '../../data/registry/index.ts'
import { dropBridge, filterView, makeBridge } from './bridge.ts'
import { ASIDE, assertUnread, dropIfEmpty, returnViews } from './carry-views.ts'
import { restoreGrants } from './grants.ts'
import { type AdoptedTable, type AdoptionJob, quietly } from './job.ts'
import { addForeignKey, buildKey, foreignKeyChanges, keyChanges, replaceForeignKey, swapKey } from './keys.ts'
import { addConstraint, buildIndex, dropIndex } from './online.ts'
import { probe } from './probe.ts'
import { sequenceName } from './shadow.ts'
import { withShortLock } from './short-locks.ts'
import { indexName, letOwnersIn, stampedDefault } from './stamp.ts'
import { forgetState, noteStage } from './state.ts'

const control = quoteIdentifier(CONTROL_SCHEMA)

/**
 * Takes everything back: schema, keys, owners, rights and columns are what they were before, and what was written meanwhile stays.
 *
 * @throws {AdoptionRefusedError} FST_TENANCY_ADOPTION_REFUSED — another tenant has rows in the tables; or it is finished.
 */
export async function undoAdoption (job: AdoptionJob): Promise<void> {
  const { stage, source } = job.state
  if (stage === 'finishing' || stage === 'finished') throw new AdoptionRefusedError('it is finished, and what the service used before is gone.')
  await assertAlone(job)
  await assertUnread(job, false)
  await quietly(job, async (tx) => {
    await closeTenant(tx, job)
    await makeBridge(tx, job)
    await letOwnersIn(tx, job, true)
    if (stage !== 'undoing') await noteAction(tx, { action: 'adopt.undo', tenantId: job.tenant, actor: job.options.actor, details: { from: stage } })
    await noteStage(tx, source, 'undoing')
  })
  await rebuildKeys(job)
  for (const table of job.tables) await releaseTable(job, table)
  // Their owner has its rights on the tables again, and these are not yet back where views stand.
  await returnViews(job)
  await dropForeignKeys(job)
  for (const table of job.tables) await returnTable(job, table)
  await quietly(job, async (tx) => {
    await letOwnersIn(tx, job, false)
    await dropBridge(tx, job)
    if (job.strategy.hasOwnSchema) await dropIfEmpty(tx, job.strategy.schemaOf(job.tenant, job.config))
    await dropIfEmpty(tx, ASIDE)
    await forgetState(tx, source)
  })
}

/** The rows of another tenant have no place in a service of one. */
async function assertAlone (job: AdoptionJob): Promise<void> {
  if (!job.strategy.hasPolicies) return
  for (const table of job.tables.filter(({ isTenants }) => isTenants)) {
    const found = await probe(job.sql, table)
    if (!found.hasColumn) continue
    const [row] = await job.sql.unsafe(`select exists (select from ${found.isMoved ? table.to : table.from} where ${quoteIdentifier(TENANT_COLUMN)} <> ${quoteLiteral(job.tenant)}) as strangers`)
    if (row?.['strangers'] === true) throw new AdoptionRefusedError(`the table "${table.original.name}" holds rows of other tenants: move or delete those tenants first.`)
  }
}

/** The plugin serves it no more, from here on. */
async function closeTenant (tx: TransactionSql, job: AdoptionJob): Promise<void> {
  await tx.unsafe(`delete from ${TENANTS_TABLE} where id = $1`, [job.tenant])
  const schema = job.strategy.schemaOf(job.tenant, job.config)
  const others = await tx.unsafe(`select 1 from ${TENANTS_TABLE} where schema = $1 limit 1`, [schema])
  if (others.length > 0) return
  // Those that it was said to have had, and no migration that ran before.
  await tx.unsafe(`delete from ${control}.migrations where schema in ($1, $2) and applied_at >= (select a.started_at from ${control}.adoptions a where a.source = $3)`,
    [schema, sharedLedger(job.config.sharedSchema), job.state.source])
  const [found] = await tx`select 1 from pg_catalog.pg_namespace where nspname = ${schema}`
  if (job.strategy.hasOwnSchema && found !== undefined) await revokeOnSchema(tx, schema, job.appRole)
}

/** Builds the old keys beside the new ones, while the tables are used. */
async function rebuildKeys (job: AdoptionJob): Promise<void> {
  for (const change of keyChanges(job)) {
    const found = await probe(job.sql, change.table)
    // Swapped, and not yet swapped back.
    if (found.keyed.has(change.key.name)) await buildIndex(job, change.table, change.oldName, buildKey(change, change.oldName, false))
  }
  for (const change of foreignKeyChanges(job)) {
    const { table, parent, key, oldName } = change
    if (!(await probe(job.sql, table)).keyed.has(key.name)) continue
    await addConstraint(job, table, { name: oldName, statement: addForeignKey(change, oldName, false), relations: [...new Set([parent.from, table.from])] })
    await withShortLock(job, { name: key.name, relations: [...new Set([parent.from, table.from])] }, async (tx) => await replaceForeignKey(tx, change, oldName))
  }
}

/** Takes the policies off, and gives the table back to whom it belonged. */
async function releaseTable (job: AdoptionJob, table: AdoptedTable): Promise<void> {
  const found = await probe(job.sql, table)
  const swaps = keyChanges(job).filter((change) => change.table === table && found.keyed.has(change.key.name))
  if (found.isSecured || found.owner !== table.original.owner || swaps.length > 0) {
    await withShortLock(job, { name: table.original.name, relations: [table.from] }, async (tx) => {
      for (const change of swaps) await tx.unsafe(swapKey(change, change.oldName).join(';\n'))
      await restoreRights(tx, job, table)
      await filterView(tx, job, table, false)
      if (table.isTenants && job.strategy.hasPolicies) await tx.unsafe(releaseStatements(job, table).join(';\n'))
    })
  }
  job.tell('release', table.original.name)
}

function releaseStatements (job: AdoptionJob, { to }: AdoptedTable): readonly string[] {
  return [
    `drop policy if exists ${ISOLATION_POLICY} on ${to}`,
    `drop policy if exists ${GRANT_POLICY} on ${to}`,
    `alter table ${to} no force row level security, disable row level security`,
    `alter table ${to} alter column ${quoteIdentifier(TENANT_COLUMN)} set default ${stampedDefault(job)}`
  ]
}

async function restoreRights (tx: TransactionSql, job: AdoptionJob, table: AdoptedTable): Promise<void> {
  await restoreGrants(tx, 'table', table.to, table.original)
  // The view still reads and writes it.
  await tx.unsafe(`grant select, insert, update, delete on ${table.to} to ${quoteIdentifier(job.bridge)}`)
  for (const sequence of table.original.sequences) {
    const [before, after] = [sequenceName(job, table, sequence), sequenceName(job, table, sequence, true)]
    const [row] = await tx`select pg_catalog.to_regclass(${before}) is null as away`
    if (row?.['away'] === true) await tx.unsafe(`alter sequence ${after} set schema ${quoteIdentifier(sequence.schema)}`)
    if (!sequence.isOwned) await restoreGrants(tx, 'sequence', before, sequence)
  }
}

async function dropForeignKeys (job: AdoptionJob): Promise<void> {
  for (const { table, parent, key, newName } of foreignKeyChanges(job)) {
    if (!(await probe(job.sql, table)).constraints.has(newName)) continue
    await withShortLock(job, { name: key.name, relations: [...new Set([parent.from, table.from])] }, async (tx) => { await tx.unsafe(`alter table ${table.to} drop constraint if exists ${newName}`) })
  }
}

/** Takes the column away and puts the table in its old place, where the view was. */
async function returnTable (job: AdoptionJob, table: AdoptedTable): Promise<void> {
  const found = await probe(job.sql, table)
  const isStamped = found.hasColumn && table.isTenants && job.strategy.hasPolicies
  if (isStamped) for (const change of keyChanges(job)) if (change.table === table) await dropIndex(job, table, change.newName)
  if (found.isMoved) {
    await withShortLock(job, { name: table.original.name, relations: [table.from] }, async (tx) => {
      await tx.unsafe(returnStatements(job, table, isStamped).join(';\n'))
      await returnRights(tx, table)
    })
  }
  job.tell('return', table.original.name)
}

function returnStatements (job: AdoptionJob, table: AdoptedTable, isStamped: boolean): readonly string[] {
  const { from, to } = table
  return [
    `drop view ${from}`,
    ...(isStamped ? [`drop index if exists ${quoteIdentifier(table.target)}.${quoteIdentifier(indexName(table))}`, `alter table ${to} drop constraint if exists ${OWN_ROWS_CHECK}, drop column ${quoteIdentifier(TENANT_COLUMN)}`] : []),
    `alter table ${to} set schema ${quoteIdentifier(job.state.source)}`
  ]
}

async function returnRights (tx: TransactionSql, { from, original }: AdoptedTable): Promise<void> {
  await restoreGrants(tx, 'table', from, original)
  for (const sequence of original.sequences) if (sequence.isOwned) await restoreGrants(tx, 'sequence', `${quoteIdentifier(sequence.schema)}.${quoteIdentifier(sequence.name)}`, sequence)
  const comment = original.comment === null ? 'null' : quoteLiteral(original.comment)
  await tx.unsafe(`comment on table ${from} is ${comment}`)
}
