import type { Sql, TransactionSql } from 'postgres'
import { strategyOf } from '../../../data/isolation/index.ts'
import { TENANT_COLUMN, TENANT_SETTING, quoteIdentifier } from '../../../words/names.ts'
import type { IsolationStrategyName } from '../../../words/types.ts'
import { withServer } from '../administrator.ts'
import { type Table, quotedTable } from './catalog.ts'
import { isRowOf } from './detectors.ts'
import type { Party } from './seed.ts'
import { type Stage, sleep } from './stage.ts'
import type { Layer, LayerVerdict } from './types.ts'

/** Where the layers are. */
export interface LayerPlace {
  readonly isolation: IsolationStrategyName
  readonly ownerUrl: string
}

/**
 * Tries what lies in the database by itself, through the service's own plugin and lanes: where two layers hold, a route alone
 * shows nothing when one is gone. Before anything is written, because rows may then hold what the other tenant is called.
 */
export async function tryDatabaseLayers (stage: Stage, { isolation, ownerUrl }: LayerPlace): Promise<readonly LayerVerdict[]> {
  const { hasPolicies } = strategyOf(isolation)
  return [...(hasPolicies ? [await tryPolicy(stage), await withServer(ownerUrl, (sql) => tryForce(stage, sql))] : []), await tryPath(stage)]
}

/** Tries what lies in the service, at the end: without it, little works any more. */
export async function tryServiceLayers (stage: Stage): Promise<readonly LayerVerdict[]> {
  return [await tryHook(stage), await tryLaneDiscard(stage)]
}

/** The layers that a strategy has. */
export function layersOf (isolation: IsolationStrategyName): readonly Layer[] {
  return strategyOf(isolation).hasPolicies ? ['policy', 'FORCE', 'path', 'hook', 'lane discard'] : ['path', 'hook', 'lane discard']
}

/** SQL that names the other tenant's table finds nothing there. */
async function tryPolicy (stage: Stage): Promise<LayerVerdict> {
  const [caller, other] = stage.parties
  const seen = await firstSeen(stage.tables, other, async (table) =>
    await stage.tenancy.runWithTenant(caller.tenant.id, () => stage.tenancy.sql.unsafe(`select to_jsonb(t)::text as row from ${quotedTable(other.schema, table.name)} t`)))
  return verdict('policy', seen, 'SQL that names the other tenant\'s tables finds none of its rows', 'SQL that names them reads rows of the other tenant')
}

/** The owner of the tables is held by the policies too: a view or function of the owner's does not see past them. */
async function tryForce (stage: Stage, owner: Sql): Promise<LayerVerdict> {
  const [caller, other] = stage.parties
  const seen = await owner.begin(async (tx: TransactionSql) => {
    await tx`select pg_catalog.set_config(${TENANT_SETTING}, ${caller.tenant.id}, true)`
    return await firstSeen(stage.tables, other, async (table) => await tx.unsafe(`select to_jsonb(t)::text as row from ${quotedTable(other.schema, table.name)} t`))
  })
  return verdict('FORCE', seen, 'the owner of the tables is held by their policies', 'the owner of the tables, whose rights views and functions may have, reads rows of the other tenant')
}

/** SQL that names no schema finds the tenant's own rows, and no others. */
async function tryPath (stage: Stage): Promise<LayerVerdict> {
  const [caller, other] = stage.parties
  for (const table of stage.tables.filter(({ name }) => (caller.rows.get(name) ?? []).length > 0)) {
    const rows = await rowsOf(() => stage.tenancy.runWithTenant(caller.tenant.id, () => stage.tenancy.sql.unsafe(`select to_jsonb(t)::text as row from ${quoteIdentifier(table.name)} t`)))
    if (rows.some((row) => isRowOf(row, other))) return { layer: 'path', holds: false, evidence: `a table without a schema is the other tenant's: ${table.name}` }
    if (!rows.some((row) => isRowOf(row, caller) || isKnown(row, caller, table))) return { layer: 'path', holds: false, evidence: `a table without a schema is not the tenant's own: its rows are not in ${table.name}` }
  }
  return { layer: 'path', holds: true, evidence: 'SQL that names no schema finds the tenant\'s own rows and no others' }
}

function isKnown (row: string, { rows }: Party, table: Table): boolean {
  const found: unknown = JSON.parse(row)
  return (rows.get(table.name) ?? []).some((known) => Object.entries(known).filter(([name]) => name !== TENANT_COLUMN).every(([name, value]) => JSON.stringify(Reflect.get(Object(found), name)) === JSON.stringify(value)))
}

/** Without a token nobody is served, and with one somebody is. */
async function tryHook (stage: Stage): Promise<LayerVerdict> {
  const route = stage.routes.find((each) => !each.isPublic && !each.isOptional && stage.recipes.has(each) && !each.url.includes(':') && each.method === 'GET')
  const path = route?.url ?? '/'
  const answer = await stage.http.send({ method: 'GET', path, headers: {}, body: undefined })
  if (route !== undefined && answer.status < 400) return { layer: 'hook', holds: false, evidence: `GET ${path} answered ${answer.status} without a token` }
  const isServing = [...stage.recipes.keys()].some(({ isPublic }) => !isPublic)
  return { layer: 'hook', holds: isServing, evidence: isServing ? 'a token is asked for, and with it statements have their tenant' : 'no route served a tenant: their statements have no context' }
}

/**
 * A transaction that is given up in the middle takes its connection with it: whoever comes next is not in it. A cursor that
 * nobody reads to its end is the doubt that every configuration has.
 */
async function tryLaneDiscard (stage: Stage): Promise<LayerVerdict> {
  const { tenancy, admin, parties: [caller, other] } = stage
  await tenancy.runWithTenant(caller.tenant.id, () => tenancy.sql.begin(async (tx) => {
    const rows = tx`select generate_series(1, 1000)`.cursor(1)[Symbol.asyncIterator]()
    await rows.next()
  })).catch(() => {})
  const problem = await firstProblem(stage, other)
  await sleep(20)
  const role = new URL(stage.databaseUrl).username
  const [open] = await admin`select count(*)::int as n from pg_catalog.pg_stat_activity where usename = ${role} and datname = pg_catalog.current_database() and state like 'idle in transaction%'`
  if (problem !== undefined) return { layer: 'lane discard', holds: false, evidence: problem }
  if (Number(open?.['n']) > 0) return { layer: 'lane discard', holds: false, evidence: 'a connection was handed on with an open transaction of somebody else' }
  return { layer: 'lane discard', holds: true, evidence: 'a transaction that was given up took its connection with it' }
}

const PROBES = 6
const PROBE_MS = 3_000

/** The other tenant asks several times, one behind the other and at once, who it is. */
async function firstProblem ({ tenancy }: Stage, { tenant }: Party): Promise<string | undefined> {
  const ask = async (): Promise<string | undefined> => {
    const rows = await Promise.race([
      rowsOf(() => tenancy.runWithTenant(tenant.id, () => tenancy.sql`select current_setting('app.tenant_id') || ' ' || coalesce(pg_current_xact_id_if_assigned()::text, '') as row`)),
      sleep(PROBE_MS).then(() => ['it was not answered'])
    ])
    return rows[0]?.startsWith(tenant.id) === true ? undefined : `the next tenant's statement was not answered as its own: ${rows[0] ?? 'no row'}`
  }
  for (let at = 0; at < PROBES; at++) {
    const problem = await ask()
    if (problem !== undefined) return problem
  }
  return (await Promise.all(Array.from({ length: PROBES }, ask))).find((problem) => problem !== undefined)
}

async function firstSeen (tables: readonly Table[], other: Party, read: (table: Table) => Promise<readonly unknown[]>): Promise<string | undefined> {
  for (const table of tables) {
    const rows = await read(table).catch(() => [])
    if (rows.some((row) => isRowOf(String(Reflect.get(Object(row), 'row')), other))) return table.name
  }
  return undefined
}

async function rowsOf (read: () => PromiseLike<readonly unknown[]>): Promise<readonly string[]> {
  try {
    return (await read()).map((row) => String(Reflect.get(Object(row), 'row')))
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}

function verdict (layer: Layer, seen: string | undefined, good: string, bad: string): LayerVerdict {
  return seen === undefined ? { layer, holds: true, evidence: good } : { layer, holds: false, evidence: `${bad}: ${seen}` }
}
