import type { TransactionSql } from 'postgres'
import { AdoptionRefusedError } from '../../words/errors/index.ts'
import { CONTROL_SCHEMA, TENANT_COLUMN, quoteIdentifier } from '../../words/names.ts'
import { DEFAULT_SERVER } from '../../words/types.ts'
import { noteAction } from '../../data/owner/index.ts'
import { type Migration, readMigrations, recordMigration, sharedLedger } from '../migrations/index.ts'
import { markReferenceTables, protectTable, readTenantSql, tableNames } from '../policies/index.ts'
import { provision } from '../provisioning/index.ts'
import { bridgedDefault, filterView } from './bridge.ts'
import { sequenceGrants } from './grants.ts'
import { type AdoptedTable, type AdoptionJob, quietly } from './job.ts'
import { foreignKeyChanges, keyChanges, replaceForeignKey, swapKey } from './keys.ts'
import { probe } from './probe.ts'
import { compare, sequenceName } from './shadow.ts'
import { withShortLock } from './short-locks.ts'
import type { SourceSequence } from './source.ts'
import { letOwnersIn } from './stamp.ts'
import { noteStage } from './state.ts'

/**
 * Puts the policies on, gives the tables to the owner, lets keys begin with the tenant column where tables are shared, and makes
 * the tenant one that the plugin serves. The service goes on through its views, which show it the rows of this tenant alone.
 *
 * One table after the other, each in one short transaction; the application's role gets its rights after the last one.
 *
 * @throws {AdoptionRefusedError} FST_TENANCY_ADOPTION_REFUSED — comparing finds a difference, or something was not accepted in the plan.
 */
export async function enforce (job: AdoptionJob): Promise<void> {
  const { stage } = job.state
  if (stage === 'undoing') throw new AdoptionRefusedError('it is being undone: run "adopt undo" to the end, then begin anew.')
  if (stage === 'enforced' || stage === 'finishing' || stage === 'finished') return
  const baseline = await baselineOf(job)
  if (stage !== 'enforcing') await begin(job)
  for (const change of foreignKeyChanges(job)) {
    const { table, parent, key, newName } = change
    const isBuilt = (await probe(job.sql, table)).constraints.has(newName)
    if (isBuilt) await withShortLock(job, { name: key.name, relations: [...new Set([parent.from, table.from])] }, async (tx) => await replaceForeignKey(tx, change, newName))
    job.tell('foreign key', key.name)
  }
  for (const table of job.tables) await enforceTable(job, table)
  await quietly(job, async (tx) => {
    await letOwnersIn(tx, job, false)
    await noteBaseline(tx, baseline)
  })
  await provision(job.config, { id: job.tenant, isolation: job.strategy.name, server: DEFAULT_SERVER })
  await quietly(job, async (tx) => await noteStage(tx, job.state.source, 'enforced'))
}

async function begin (job: AdoptionJob): Promise<void> {
  const open = job.state.plan.care.filter(({ accepted }) => !accepted)
  if (open.length > 0) throw new AdoptionRefusedError(`the plan has not accepted ${open.map(({ kind, name }) => `the ${kind} ${name}`).join(', ')}: see to them, then begin anew with a plan that says so.`)
  const { differences } = await compare(job)
  if (differences.length > 0) throw new AdoptionRefusedError(`the tenant would not find everything as it was: ${differences.join(' ')}`)
  await quietly(job, async (tx) => {
    await noteStage(tx, job.state.source, 'enforcing')
    await noteAction(tx, { action: 'adopt.enforce', tenantId: job.tenant, actor: job.options.actor })
  })
}

async function enforceTable (job: AdoptionJob, table: AdoptedTable): Promise<void> {
  const found = await probe(job.sql, table)
  const isFiltered = table.isTenants && job.strategy.hasPolicies
  const swaps = keyChanges(job).filter((change) => change.table === table && found.indexes.has(change.newName))
  const isDone = found.owner === job.ownerRole && swaps.length === 0 && (!isFiltered || found.isSecured)
  if (!isDone) {
    await withShortLock(job, { name: table.original.name, relations: [table.from] }, async (tx) => {
      const before = await tableNames(tx, table.target)
      for (const change of swaps) await tx.unsafe(swapKey(change, change.newName).join(';\n'))
      await tx.unsafe(`alter table ${table.to} owner to ${quoteIdentifier(job.ownerRole)}`)
      await handSequences(tx, job, table)
      await filterView(tx, job, table, true)
      if (isFiltered) {
        await tx.unsafe(`alter table ${table.to} alter column ${quoteIdentifier(TENANT_COLUMN)} set default ${bridgedDefault(job, await readTenantSql(tx))}`)
        await protectTable(tx, table.target, table.original.name)
      }
      if (!table.isTenants) await shareTable(tx, job, table, before)
    })
  }
  job.tell('enforce', table.original.name)
}

/** A table that every tenant reads. */
async function shareTable (tx: TransactionSql, job: AdoptionJob, { target, to, original: { name } }: AdoptedTable, before: ReadonlyMap<string, boolean>): Promise<void> {
  await markReferenceTables(tx, target, new Map([...before].filter(([other]) => other !== name)))
  await tx.unsafe(`grant select on ${to} to ${quoteIdentifier(job.appRole)}`)
}

/** A sequence by itself goes where the table is, and belongs to whom the table does; the service draws from it as before. */
async function handSequences (tx: TransactionSql, job: AdoptionJob, table: AdoptedTable): Promise<void> {
  for (const sequence of table.original.sequences) {
    const [before, after] = [sequenceName(job, table, sequence), sequenceName(job, table, sequence, true)]
    const [row] = await tx`select pg_catalog.to_regclass(${before}) is not null as here, pg_catalog.to_regclass(${after}) is not null as there`
    if (row?.['there'] !== true && row?.['here'] === true) await tx.unsafe(`alter sequence ${before} set schema ${quoteIdentifier(table.target)}`)
    await tx.unsafe([...ownerStatement(job, after, sequence), ...sequenceGrants(job, after)].join(';\n'))
  }
}

/** The owner of one that a column owns is whoever owns the table. */
function ownerStatement (job: AdoptionJob, name: string, { isOwned }: SourceSequence): readonly string[] {
  return isOwned ? [] : [`alter sequence ${name} owner to ${quoteIdentifier(job.ownerRole)}`]
}

/** The migrations that the tables have had already, by the name that the ledger has them under. */
async function baselineOf ({ config, strategy, tenant, state: { plan } }: AdoptionJob): Promise<ReadonlyMap<string, readonly Migration[]>> {
  if (config.migrations === undefined) return new Map()
  const migrations = await readMigrations(config.migrations, config)
  return new Map([
    [strategy.schemaOf(tenant, config), upTo(migrations.tenant, plan.baseline)],
    [sharedLedger(config.sharedSchema), upTo(migrations.shared, plan.sharedBaseline)]
  ])
}

function upTo (migrations: readonly Migration[], last: string | null): readonly Migration[] {
  const at = migrations.findIndex(({ name }) => name === last)
  if (last !== null && at === -1) throw new AdoptionRefusedError('the plan names a migration as "baseline" or "sharedBaseline" that is not in the folder of migrations.')
  return migrations.slice(0, at + 1)
}

async function noteBaseline (tx: TransactionSql, baseline: ReadonlyMap<string, readonly Migration[]>): Promise<void> {
  for (const [ledger, migrations] of baseline) {
    const rows = await tx.unsafe(`select name from ${quoteIdentifier(CONTROL_SCHEMA)}.migrations where schema = $1`, [ledger])
    const known = new Set(rows.map((row) => String(row['name'])))
    for (const migration of migrations.filter(({ name }) => !known.has(name))) await recordMigration(tx, ledger, migration)
  }
}
