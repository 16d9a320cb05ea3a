/** How the version of the registry is read. */
export interface RegistryVersionOptions {
  /** Sends {@link VERSION_SQL} and returns the rows. */
  readonly readVersion: () => Promise<readonly unknown[]>
  /** How long an answer is believed, in milliseconds. */
  readonly cacheMs: number
}

/**
 * The version of the whole registry, read for all tenants at once, while somebody asks, and twice within `cacheMs` at most.
 *
 * The server changes it in the transaction that changes a row, to a value that was never there before. Every answer of the
 * registry comes with the version of its own snapshot; so while the version is that one, the row is what it was, in
 * whatever order reads and changes met, and whichever server they asked.
 */
export class RegistryVersion {
  readonly #options: RegistryVersionOptions
  #version: string | undefined
  /** When the read began that returned `#version`: it may have changed at any time after that. */
  #since = -Infinity
  #lastRead = -Infinity
  #reading: Promise<void> | undefined

  constructor (options: RegistryVersionOptions) {
    this.#options = options
  }

  /** The read that is under way. It never rejects: what could not be read is believed no longer than before. */
  get reading (): Promise<void> | undefined {
    return this.#reading
  }

  /** Tells whether the registry still had this version less than `cacheMs` ago. */
  isCurrent (version: string | undefined, now: number): boolean {
    return version !== undefined && version === this.#version && now - this.#since < this.#options.cacheMs
  }

  /** Reads ahead of time, at half of it, so that a service with traffic never waits for this. */
  keepCurrent (now: number): void {
    if (this.#reading !== undefined || now - this.#lastRead < this.#options.cacheMs / 2) return
    this.#lastRead = now
    this.#reading = this.#options.readVersion().then((rows) => {
      this.#version = versionOf(rows[0])
      this.#since = now
    }, () => {}).finally(() => { this.#reading = undefined })
  }
}

/** Returns the version in a row; undefined, which vouches for nothing, if it has none. */
export function versionOf (row: unknown): string | undefined {
  const version: unknown = typeof row === 'object' && row !== null ? Reflect.get(row, 'version') : undefined
  return typeof version === 'string' ? version : undefined
}
