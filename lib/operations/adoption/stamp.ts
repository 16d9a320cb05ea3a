import { isDeepStrictEqual } from 'node:util'
import type { Sql, TransactionSql } from 'postgres'
import { AdoptionPlanError, AdoptionRefusedError } from '../../words/errors/index.ts'
import { TENANT_COLUMN, quoteIdentifier, quoteLiteral } from '../../words/names.ts'
import { inTransaction, noteAction } from '../../data/owner/index.ts'
import { TENANTS_TABLE } from '../../data/registry/index.ts'
import { PLAIN_TENANT_SQL, OWN_ROWS_CHECK } from '../policies/index.ts'
import { markSchema, readDeployment } from '../provisioning/index.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { makeBridge, putView } from './bridge.ts'
import { carryViews } from './carry-views.ts'
import { readSource } from './catalog.ts'
import { checkPlan } from './check.ts'
import { serviceRoles } from './grants.ts'
import { type AdoptedTable, type AdoptionJob, adoptedTables, jobOf, quietly } from './job.ts'
import { addForeignKey, buildKey, foreignKeyChanges, keyChanges } from './keys.ts'
import { addConstraint, buildIndex } from './online.ts'
import type { AdoptionPlan } from './plan.ts'
import { probe } from './probe.ts'
import { withShortLock } from './short-locks.ts'
import { type AdoptionState, beginState, findState, isAdopted, noteStage } from './state.ts'
import { roleOf } from '../roles/index.ts'

const column = quoteIdentifier(TENANT_COLUMN)

/**
 * Begins an adoption, or returns the one that has begun.
 *
 * @throws {AdoptionPlanError} FST_TENANCY_ADOPTION_PLAN — the plan is not that of the database.
 * @throws {AdoptionRefusedError} FST_TENANCY_ADOPTION_REFUSED — a step that comes later was begun; or whoever has rights on the tables must not.
 */
export async function beginAdoption (config: TenancyConfig, sql: Sql, plan: AdoptionPlan, actor?: string): Promise<AdoptionState> {
  const known = await findState(sql, plan.schema)
  if (known !== undefined) {
    if (!isDeepStrictEqual(known.plan, plan)) throw new AdoptionRefusedError('it was begun with another plan: go on with that one, or undo it first.')
    return known
  }
  return await inTransaction(sql, { lock: config.timeouts.acquire }, async (tx) => {
    const original = await readSource(tx, plan.schema)
    const problems = checkPlan(plan, original)
    if (problems.length > 0) throw new AdoptionPlanError(problems.map((problem) => `- ${problem}`).join('\n'))
    const state: AdoptionState = { source: plan.schema, stage: 'stamping', plan, original }
    assertRoles(config, state)
    await assertNew(tx, state)
    await assertFree(tx, config, state)
    await beginState(tx, state)
    await noteAction(tx, { action: 'adopt.stamp', tenantId: plan.tenant, actor, details: { schema: plan.schema, target: plan.target } })
    return state
  })
}

/** Whoever the service logs in as keeps its rows of the one tenant; a role that serves tenants must have none of that. */
function assertRoles (config: TenancyConfig, { original }: AdoptionState): void {
  if (serviceRoles(original).includes(roleOf(config.database))) throw new AdoptionRefusedError('the role of the option database has rights on these tables today: give the plugin a role of its own.')
  const view = original.views.find(({ owner, grants }) => [owner, ...grants.map(({ grantee }) => grantee)].some((role) => role === '' || role === roleOf(config.database)))
  if (view !== undefined) throw new AdoptionRefusedError(`the role of the option database has rights on the view "${view.name}" today, or everybody (PUBLIC) has: grant them to roles by name, and to another than the plugin's.`)
  const open = original.tables.find(({ grants }) => grants.some(({ grantee }) => grantee === ''))
  if (open !== undefined) throw new AdoptionRefusedError(`everybody (PUBLIC) has rights on the table "${open.name}", the plugin's role too: grant them to roles by name and revoke them from PUBLIC first.`)
}

/** Undoing takes the tenant out of the registry, so it must not be one that was there before. */
async function assertNew (tx: TransactionSql, { plan: { tenant } }: AdoptionState): Promise<void> {
  const [known] = await tx.unsafe(`select status from ${TENANTS_TABLE} where lower(id) = lower($1)`, [tenant])
  if (known?.['status'] === 'deleted') throw new AdoptionRefusedError('the tenant that the plan names was deleted, and its id is not given out again: name another one.')
  if (known !== undefined || await isAdopted(tx, tenant)) throw new AdoptionRefusedError('there is a tenant already that has the id of the plan, or comes from another schema: name another one.')
}

/** Tables of the same name where these go would be somebody else's. */
async function assertFree (tx: TransactionSql, config: TenancyConfig, state: AdoptionState): Promise<void> {
  if (adoptedTables(config, state).some(({ from, to }) => from === to)) throw new AdoptionRefusedError('the option sharedSchema names the schema that the service has its tables in, where no view could stand in their places: name another one.')
  for (const table of adoptedTables(config, state)) {
    const [row] = await tx`select pg_catalog.to_regclass(${table.to}) is not null as taken`
    if (row?.['taken'] === true) throw new AdoptionRefusedError(`there is a table "${table.original.name}" already where that of the service is to go.`)
  }
}

/**
 * Gives every table of the tenant its column, and the tables their new places behind views; filters nothing. The rows are not
 * written anew: a column with a constant default is a change of the catalog, so nothing is locked for longer than that takes,
 * and an undo leaves every row where it was.
 *
 * The SQL sent, for each table, in one short transaction: lock table …; alter table … add column tenant_id text not null default
 * 'acme'; alter table … set schema …; create view …. For each view of the service, in one too: alter view … rename to …; alter view … set
 * schema zakops_tenancy_views; create view … as its text. Then, while it is used: create unique index concurrently …;
 * alter table … add constraint … not valid; alter table … validate constraint …
 */
export async function stampTables (job: AdoptionJob): Promise<void> {
  await quietly(job, async (tx) => {
    await makeBridge(tx, job)
    await makeTarget(tx, job)
  })
  for (const table of job.tables) await stampTable(job, table)
  await carryViews(job)
  for (const change of keyChanges(job)) await buildIndex(job, change.table, change.newName, buildKey(change, change.newName, true))
  for (const change of foreignKeyChanges(job)) {
    const { table, parent, newName } = change
    await addConstraint(job, table, { name: newName, statement: addForeignKey(change, newName, true), relations: [...new Set([parent.to, table.to])] })
  }
  if (job.strategy.hasPolicies) for (const table of job.tables.filter(({ isTenants }) => isTenants)) await prepareFilter(job, table)
  await quietly(job, async (tx) => await noteStage(tx, job.state.source, 'stamped'))
}

/** Under the tenant's own schema: a check that says so; under the shared one: an index, where no key is one. */
async function prepareFilter (job: AdoptionJob, table: AdoptedTable): Promise<void> {
  const statement = `alter table ${table.to} add constraint ${OWN_ROWS_CHECK} check (${column} = ${quoteLiteral(job.tenant)}) not valid`
  if (job.strategy.hasOwnSchema) await addConstraint(job, table, { name: OWN_ROWS_CHECK, statement, relations: [table.to] })
  else if (table.original.keys.length === 0) await buildIndex(job, table, indexName(table), `create index concurrently ${quoteIdentifier(indexName(table))} on ${table.to} (${column})`)
}

/** The index of a table that has no key. */
export function indexName ({ original }: AdoptedTable): string {
  return `${original.name.slice(0, 45)}_${TENANT_COLUMN}_idx`
}

/** The schema that a tenant has for itself is marked as its own, so that provisioning knows it again. */
async function makeTarget (tx: TransactionSql, job: AdoptionJob): Promise<void> {
  if (job.strategy.hasOwnSchema) {
    const schema = job.strategy.schemaOf(job.tenant, job.config)
    await tx.unsafe(`create schema if not exists ${quoteIdentifier(schema)} authorization ${quoteIdentifier(job.ownerRole)}`)
    await markSchema(tx, schema, { tenantId: job.tenant, deployment: await readDeployment(tx) })
  }
  await letOwnersIn(tx, job, true)
}

/** The checks of foreign keys run as whoever owns the table, and name its schema. */
export async function letOwnersIn (tx: TransactionSql, { tables, ownerRole }: AdoptionJob, isIn: boolean): Promise<void> {
  const pairs = tables.filter(({ original }) => original.owner !== ownerRole).map(({ target, original: { owner } }) => `usage on schema ${quoteIdentifier(target)} ${isIn ? 'to' : 'from'} ${quoteIdentifier(owner)}`)
  for (const pair of new Set(pairs)) await tx.unsafe(`${isIn ? 'grant' : 'revoke'} ${pair}`)
}

async function stampTable (job: AdoptionJob, table: AdoptedTable): Promise<void> {
  const found = await probe(job.sql, table)
  const needsColumn = table.isTenants && job.strategy.hasPolicies && !found.hasColumn
  if (needsColumn || !found.isMoved) {
    await withShortLock(job, { name: table.original.name, relations: [table.from] }, async (tx) => {
      if (needsColumn) await tx.unsafe(`alter table ${table.from} add column ${column} text not null default ${quoteLiteral(job.tenant)}`)
      if (needsColumn) await tx.unsafe(`alter table ${table.from} alter column ${column} set default ${stampedDefault(job)}`)
      await tx.unsafe(`alter table ${table.from} set schema ${quoteIdentifier(table.target)}`)
      await putView(tx, job, table)
    })
  }
  job.tell('stamp', table.original.name)
}

/** Whoever writes without a tenant context is the service as it is today. */
export function stampedDefault ({ tenant }: AdoptionJob): string {
  return `coalesce(${PLAIN_TENANT_SQL}, ${quoteLiteral(tenant)})`
}

/** The job of stamping. */
export async function stamp (config: TenancyConfig, sql: Sql, state: AdoptionState, options: AdoptionJob['options']): Promise<AdoptionJob> {
  if (state.stage === 'undoing') throw new AdoptionRefusedError('it is being undone: run "adopt undo" to the end, then begin anew.')
  const job = await jobOf(config, sql, state, options)
  // Whoever stamps again after a later step would make that step's work undone.
  if (state.stage === 'stamping' || state.stage === 'stamped' || state.stage === 'shadowed') await stampTables(job)
  return job
}
