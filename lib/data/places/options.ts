import type { TableAge } from '../lanes/index.ts'
import type { ServersConfig, TenancyConfig } from '../../settings/config/index.ts'
import type { Tenant, TenantId, TenantSettings, TenancyLogger } from '../../words/types.ts'
import type { Sign } from '../signing/index.ts'
import type { TenantPlace } from './tenant-place.ts'

/** Sends one statement of ours to a place, outside of every tenant, and returns its rows. */
export type AskPlace = (place: TenantPlace, text: string, parameters?: readonly string[]) => Promise<readonly Record<string, unknown>[]>

/** What the places of one tenancy are made of. */
export interface PlacesOptions {
  readonly config: ServersConfig & Pick<TenancyConfig, 'database' | 'mode' | 'lanes' | 'timeouts' | 'channelKey' | 'locked'>
  readonly log: TenancyLogger
  /** Returns the tenant as it is now, or throws if it is not served. */
  readonly admit: (tenantId: TenantId) => Promise<Tenant>
  /** The settings of a tenant; of nobody, for what observe mode lets through without a tenant. */
  readonly settingsOf: (tenant: Tenant | undefined) => TenantSettings
  readonly ask: AskPlace
  /** How old the tables of all places are. */
  readonly age: TableAge
  /** Signs tenant ids; undefined where they are sent as they are. */
  readonly sign: Sign | undefined
  /** Throws if the role can see past the isolation at a place that was just opened. */
  readonly judge: (place: TenantPlace, tenant: Tenant) => Promise<void>
}

/** What is open. */
export interface PlaceStats {
  /** Databases, the one with the registry included. */
  readonly open: number
  /** Connections of all lanes together, and the most that there may be. */
  readonly connections: number
  readonly max: number
}
