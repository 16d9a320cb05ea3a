import type { Sql } from 'postgres'
import { MoveRefusedError } from '../../words/errors/index.ts'
import type { IsolationStrategyName, Tenant } from '../../words/types.ts'
import type { TenancyConfig } from '../../settings/config/index.ts'
import type { TableCopy, TableCount } from '../transfer/index.ts'
import type { Capture } from './capture.ts'
import type { Move, MoveHome, MoveStep, Site } from './state.ts'

/** Where a tenant is to go. What is left out stays as it is. */
export interface MoveTarget {
  readonly isolation?: IsolationStrategyName
  /** A name in the option `servers`, or `default`. */
  readonly server?: string
  /** On Citus: the node that its schema goes to, as `host:port`. Its place in the registry stays the same. */
  readonly node?: string
}

/** How far a move is. */
export interface MoveProgress {
  readonly step: MoveStep
  /** The table that was copied, while tables are copied. */
  readonly table?: string
  /** Its rows. */
  readonly rows?: number
}

/** What became of a move. */
export interface MoveReport {
  readonly tenantId: string
  readonly from: Site
  readonly to: Site
  /** `switched`: what it left is kept until `moveConfirm`. `confirmed`: it is gone. `undone`: the tenant is where it was. */
  readonly outcome: 'switched' | 'confirmed' | 'undone'
  /** How long the tenant's writes waited at most, in milliseconds; 0 if nothing was switched in this call. */
  readonly pauseMs: number
  /** What each table held when it was switched, compared on both sides. */
  readonly tables: readonly TableCount[]
}

/** A move that is being done. */
export interface MoveJob {
  readonly config: TenancyConfig
  readonly home: MoveHome
  readonly move: Move
  /** The tenant as it is where it leaves, and as it is where it goes. */
  readonly source: Tenant
  readonly target: Tenant
  /** Tells the caller how far it is, and throws if the caller wants no more. */
  readonly onProgress: (progress: MoveProgress) => void
}

/** The owner's connections at both places, and the tables. */
export interface Link {
  readonly from: Sql
  readonly to: Sql
  readonly copies: readonly TableCopy[]
}

/** Returns the job that a move in the registry's database is. */
export function jobOf (config: TenancyConfig, home: MoveHome, tenant: Tenant, move: Move, onProgress: MoveJob['onProgress'] = () => {}): MoveJob {
  return { config, home, move, source: { ...tenant, ...move.source }, target: { ...tenant, ...move.target }, onProgress }
}

/** Returns what is watched at the source of a job. */
export function captureOf ({ source, move, config }: MoveJob): Capture {
  return { source, number: move.number, patience: config.timeouts.transaction }
}

/**
 * Returns the job of a move that has begun.
 *
 * @throws {MoveRefusedError} FST_TENANCY_MOVE_REFUSED — there is none.
 */
export async function findJob (config: TenancyConfig, home: MoveHome): Promise<MoveJob> {
  const tenant = await home.tenant()
  const move = await home.find()
  if (move === undefined) throw new MoveRefusedError('there is no move of it.')
  return jobOf(config, home, tenant, move)
}

export function reportOf ({ home, move }: MoveJob, outcome: MoveReport['outcome']): MoveReport {
  return { tenantId: home.id, from: move.source, to: move.target, outcome, pauseMs: 0, tables: [] }
}
