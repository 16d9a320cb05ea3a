import { setTimeout as sleep } from 'node:timers/promises'
import type { Sql, TransactionSql } from 'postgres'
import { AdoptionInterruptedError, AdoptionRefusedError } from '../../words/errors/index.ts'
import { isOwnError } from '../../words/own-error.ts'
import { parseTenantId, quoteIdentifier } from '../../words/names.ts'
import type { TenantId } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import { type IsolationStrategy, strategyOf } from '../../data/isolation/index.ts'
import { inTransaction } from '../../data/owner/index.ts'
import { roleOf } from '../roles/index.ts'
import { assertSetUp, withAdopter } from './connection.ts'
import { isTenants } from './plan.ts'
import type { SourceTable } from './source.ts'
import { type AdoptionState, findState } from './state.ts'

/** One change that a step has made, or has found made. */
export interface AdoptionProgress {
  readonly step: string
  /** The table or key; left out where it is about all. */
  readonly name?: string
}

/** How a step is done. */
export interface AdoptionOptions {
  /** Called after each change. What it throws interrupts the step, which can go on later. */
  readonly onProgress?: (progress: AdoptionProgress) => void
  /** How long a table may be tried for, in milliseconds. Default: 300,000. */
  readonly patienceMs?: number
  /** Who does it, for the audit log. */
  readonly actor?: string
}

/** How long a table was held, and how often it was tried. */
export interface LockReport {
  readonly name: string
  readonly attempts: number
  /** From the first lock of the try that succeeded to its commit, waiting included: the longest that anybody else waited for it. */
  readonly heldMs: number
}

/** A table that takes part, with its places. Everything is quoted. */
export interface AdoptedTable {
  readonly original: SourceTable
  readonly isTenants: boolean
  /** Where the service has it, and where it goes. */
  readonly from: string
  readonly to: string
  readonly target: string
}

/** An adoption that is being worked on, which one process at a time does. */
export interface AdoptionJob {
  readonly config: TenancyConfig
  readonly options: AdoptionOptions
  readonly sql: Sql
  readonly state: AdoptionState
  readonly tenant: TenantId
  readonly strategy: IsolationStrategy
  readonly tables: readonly AdoptedTable[]
  readonly ownerRole: string
  readonly appRole: string
  /** The role that the views in the old place belong to. */
  readonly bridge: string
  readonly locks: LockReport[]
  readonly tell: (step: string, name?: string) => void
}

/** Runs `fn` on a connection that nobody else has for this schema. What goes wrong is said to be an interruption. */
export async function withAdoption<T> (config: TenancyConfig, source: string, fn: (sql: Sql) => Promise<T>): Promise<T> {
  return await withAdopter(config, async (sql) => {
    await assertSetUp(sql)
    await holdAlone(sql, source, config.timeouts.acquire)
    try {
      return await fn(sql)
    } catch (cause) {
      throw isOwnError(cause) ? cause : new AdoptionInterruptedError({ cause })
    }
  })
}

/** A process that was killed a moment ago may still be logged in. */
async function holdAlone (sql: Sql, source: string, patience: number): Promise<void> {
  const deadline = performance.now() + patience
  for (;;) {
    const [row] = await sql`select pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended(${'zakops_tenancy.adopting.' + source}, 0)) as held`
    if (row?.['held'] === true) return
    if (performance.now() > deadline) throw new AdoptionRefusedError('another process is working on it at this moment.')
    await sleep(100)
  }
}

/** Returns the job of an adoption that has begun. */
export async function findJob (config: TenancyConfig, source: string, sql: Sql, options: AdoptionOptions): Promise<AdoptionJob> {
  const state = await findState(sql, source)
  if (state === undefined) throw new AdoptionRefusedError('nothing of it was begun: make a plan and run "adopt stamp" with it.')
  return await jobOf(config, sql, state, options)
}

export async function jobOf (config: TenancyConfig, sql: Sql, state: AdoptionState, options: AdoptionOptions): Promise<AdoptionJob> {
  const tenant = parseTenantId(state.plan.tenant)
  const strategy = strategyOf(state.plan.target)
  const [row] = await sql`select oid::text as oid from pg_catalog.pg_database where datname = pg_catalog.current_database()`
  return {
    config,
    options,
    sql,
    state,
    tenant,
    strategy,
    tables: adoptedTables(config, state),
    ownerRole: roleOf(config.ownerDatabase ?? ''),
    appRole: roleOf(config.database),
    // Roles are the server's, and another database of it may be adopted too.
    bridge: `zakops_tenancy_bridge_${String(row?.['oid'])}`,
    locks: [],
    tell: (step, name) => options.onProgress?.({ step, ...(name === undefined ? {} : { name }) })
  }
}

/** The tables that take part, in the order of the plan. */
export function adoptedTables (config: TenancyConfig, { source, plan, original }: AdoptionState): readonly AdoptedTable[] {
  const own = strategyOf(plan.target).schemaOf(parseTenantId(plan.tenant), config)
  const byName = new Map(original.tables.map((table) => [table.name, table]))
  return plan.tables.flatMap(({ name, class: kind }) => {
    const table = byName.get(name)
    if (table === undefined || kind === 'ignore') return []
    const target = isTenants(kind) ? own : config.sharedSchema
    return [{ original: table, isTenants: isTenants(kind), target, from: `${quoteIdentifier(source)}.${quoteIdentifier(name)}`, to: `${quoteIdentifier(target)}.${quoteIdentifier(name)}` }]
  })
}

/** A transaction that locks nothing which the service waits for. */
export async function quietly<T> ({ sql, config }: AdoptionJob, fn: (tx: TransactionSql) => Promise<T>): Promise<T> {
  return await inTransaction(sql, { lock: config.timeouts.acquire }, fn)
}
