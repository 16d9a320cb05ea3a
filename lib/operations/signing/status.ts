import type { TransactionSql } from 'postgres'
import { HOME, type TenancyConfig } from '../../settings/config/index.ts'
import { readSigning } from '../../data/owner/index.ts'
import type { Place, SigningStage } from '../../words/types.ts'
import { roleAt } from '../roles/index.ts'
import { atHome, atOthers } from './places.ts'
import { unsignedTables } from './unsigned.ts'

/** A key that a database knows, or knew. */
export interface SigningKeyStatus {
  readonly id: string
  readonly addedAt: Date
  readonly retiredAt: Date | null
}

/** How far one database is with signing. */
export interface SigningStatus extends Place {
  readonly stage: SigningStage
  readonly keys: readonly SigningKeyStatus[]
  /** Tables whose policies take what is not signed: `migrate` changes them. */
  readonly unsignedTables: readonly string[]
  /** By how many milliseconds the clock of the database is ahead of this process's, more or less. */
  readonly clockAheadMs: number
}

/** Returns how far every database of the deployment is with signing. No secret is in it. */
export async function readSigningStatus (config: TenancyConfig): Promise<readonly SigningStatus[]> {
  const home = await atHome(config, (tx) => statusAt(config, tx, HOME))
  return [home, ...await atOthers(config, (tx, place) => statusAt(config, tx, place))]
}

async function statusAt (config: TenancyConfig, tx: TransactionSql, place: Place): Promise<SigningStatus> {
  const { stage, keys } = await readSigning(tx)
  return {
    ...place,
    stage,
    keys: keys.map(({ id, addedAt, retiredAt }) => ({ id, addedAt: new Date(addedAt), retiredAt: retiredAt === null ? null : new Date(retiredAt) })),
    unsignedTables: await unsignedTables(tx, roleAt(config, place)),
    clockAheadMs: await clockAhead(tx)
  }
}

/** Half of the way there and back is taken for the way there. */
async function clockAhead (tx: TransactionSql): Promise<number> {
  const asked = Date.now()
  const [row] = await tx`select (extract(epoch from pg_catalog.clock_timestamp()) * 1000)::float8 as now`
  return Math.round(Number(row?.['now']) - (asked + Date.now()) / 2)
}
