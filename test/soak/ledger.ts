/** What has to be in the database of one write when everything is over. */
export type Claim =
  /** Its answer came: all of its rows, whatever happened afterwards. */
  | 'acknowledged'
  /** It failed in a way that says that nothing was changed, or was rolled back. */
  | 'without effect'
  /** The answer was lost: all of its rows or none. */
  | 'unknown'

/** One write: one transaction that leaves rows with its id. */
export interface Write {
  readonly id: string
  readonly tenant: string
  /** The operation that it is part of. */
  readonly kind: string
  /** How many rows it leaves if it is done. */
  readonly rows: number
  claim: Claim | undefined
}

/** A promise that was broken, and how often. */
export interface Breach {
  readonly promise: string
  count: number
  /** The first of them, to begin looking with. */
  readonly examples: string[]
}

const EXAMPLES_KEPT = 5

/** What the soak has seen, in the memory of the process that the database knows nothing of. */
export class Ledger {
  readonly writes = new Map<string, Write>()
  readonly #breaches = new Map<string, Breach>()
  readonly #counts = new Map<string, Map<string, number>>()

  get breaches (): readonly Breach[] { return [...this.#breaches.values()] }

  /** Notes a write before it is sent. */
  begin (write: Omit<Write, 'claim'>): Write {
    const noted = { ...write, claim: undefined }
    this.writes.set(write.id, noted)
    return noted
  }

  broken (promise: string, example: string): void {
    const breach = this.#breaches.get(promise) ?? { promise, count: 0, examples: [] }
    this.#breaches.set(promise, breach)
    breach.count++
    if (breach.examples.length < EXAMPLES_KEPT) breach.examples.push(example)
  }

  /** Counts what happened, under the heading of one of the tables. */
  count (table: string, line: string, by = 1): void {
    const lines = this.#counts.get(table) ?? new Map<string, number>()
    this.#counts.set(table, lines)
    lines.set(line, (lines.get(line) ?? 0) + by)
  }

  counted (table: string, line: string): number {
    return this.#counts.get(table)?.get(line) ?? 0
  }

  linesOf (table: string): ReadonlyMap<string, number> {
    return this.#counts.get(table) ?? new Map()
  }
}
