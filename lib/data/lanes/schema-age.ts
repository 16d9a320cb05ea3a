/** How it is known whether tables change. */
export interface SchemaAgeOptions {
  /** Asks the registry; see {@link SCHEMA_AGE_SQL} of the registry's room for what comes back. */
  readonly read: () => Promise<readonly unknown[]>
  /** How long an answer is believed, in milliseconds. A run of migrations waits for as long before it begins. */
  readonly cacheMs: number
}

/**
 * Tells how old the tables are: a value that changes with every run of migrations, and none while a run is under way or nobody
 * knows. What was prepared at the present age still fits its tables, so a transaction may use it (D-08).
 *
 * It is asked for while there are transactions, and twice within `cacheMs` at most; a reader that says nothing is no reader.
 */
export class SchemaAge {
  readonly #options: SchemaAgeOptions
  #age: string | undefined
  #since = -Infinity
  #lastRead = -Infinity
  #isReading = false

  constructor (options: SchemaAgeOptions) {
    this.#options = options
  }

  get current (): string | undefined {
    const now = performance.now()
    this.#keepCurrent(now)
    return now - this.#since < this.#options.cacheMs ? this.#age : undefined
  }

  /** Asks anew: something may have changed just now. */
  forget (): void {
    this.#since = -Infinity
    this.#lastRead = -Infinity
  }

  #keepCurrent (now: number): void {
    if (this.#isReading || now - this.#lastRead < this.#options.cacheMs / 2) return
    this.#lastRead = now
    this.#isReading = true
    this.#read(now).catch(() => {}).finally(() => { this.#isReading = false })
  }

  async #read (now: number): Promise<void> {
    const [row] = await this.#options.read()
    // It was forgotten meanwhile, and this answer may be from before.
    if (this.#lastRead !== now) return
    this.#age = ageIn(row)
    this.#since = now
  }
}

function ageIn (row: unknown): string | undefined {
  if (typeof row !== 'object' || row === null || Reflect.get(row, 'changing') !== 'false') return undefined
  const age: unknown = Reflect.get(row, 'age')
  return typeof age === 'string' ? age : undefined
}
