import type { Tenant, TenantSettings } from '../../words/types.ts'
import type { Channels } from '../channels/index.ts'
import type { Lanes } from '../lanes/index.ts'
import type { Driver, SettingsDialect, SettingsFrame } from '../wire/index.ts'

interface PlaceParts {
  readonly driver: Driver
  /** Whether a pooler stands in between: nobody can listen there. */
  readonly isPooled: boolean
  readonly dialect: SettingsDialect
  readonly lanes: Lanes
  readonly channels: Channels
  readonly settingsOf: (tenant: Tenant | undefined) => TenantSettings
}

/** It was just given to somebody, who is about to use it. */
const TOUCHED_MS = 1_000

/** A database that is open: where the statements of its tenants go. */
export class TenantPlace {
  readonly driver: Driver
  /** Whether a pooler stands in between: nobody can listen there. */
  readonly isPooled: boolean
  readonly dialect: SettingsDialect
  readonly lanes: Lanes
  readonly channels: Channels
  readonly #settingsOf: PlaceParts['settingsOf']
  /** A tenant's frame is made once for each time that the tenant is read from the registry. */
  readonly #frames = new WeakMap<Tenant, SettingsFrame>()
  #uses = 0
  #quietSince = performance.now()
  #touched = performance.now()

  constructor ({ driver, isPooled, dialect, lanes, channels, settingsOf }: PlaceParts) {
    this.driver = driver
    this.isPooled = isPooled
    this.dialect = dialect
    this.lanes = lanes
    this.channels = channels
    this.#settingsOf = settingsOf
  }

  /** Returns what sets a tenant's settings here; nobody's, for what observe mode lets through without a tenant. */
  frameOf (tenant: Tenant | undefined): SettingsFrame {
    const known = tenant === undefined ? undefined : this.#frames.get(tenant)
    if (known !== undefined) return known
    const frame = this.dialect.frameOf(this.#settingsOf(tenant))
    if (tenant !== undefined) this.#frames.set(tenant, frame)
    return frame
  }

  /** Says that somebody is about to use it. */
  touch (): void {
    this.#touched = performance.now()
  }

  /** Whether nothing is under way, waits or listens here, and nobody was just given it. */
  get isIdle (): boolean {
    const { held, waiting } = this.lanes.stats
    return held + waiting === 0 && this.channels.isEmpty && performance.now() - this.#touched > TOUCHED_MS
  }

  /** For how many milliseconds nothing was sent here, as far as those who asked could see. */
  quietFor (now: number): number {
    if (this.#uses !== this.lanes.uses) this.#quietSince = now
    this.#uses = this.lanes.uses
    return now - this.#quietSince
  }

  /** Waits until `graceMs` have passed for what is under way, and closes every connection. */
  async close (graceMs: number): Promise<void> {
    await this.channels.close()
    await this.lanes.close(graceMs)
  }
}
