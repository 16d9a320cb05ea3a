import type { ArrayTypes, Description } from '../wire/index.ts'

/** Returns what the server says of the types with these numbers: rows of {@link ARRAY_TYPES_SQL}. */
export type AskForTypes = (types: readonly number[]) => Promise<ReadonlyArray<{ readonly array: number, readonly element: number }>>

/** Finds out which of the types of statements are arrays, each once. */
export class TypeLookup {
  readonly #types: ArrayTypes
  readonly #ask: AskForTypes
  /** Descriptions with nothing unknown in them. */
  #known = new WeakSet<Description>()
  /** What is being asked, so that whoever wants to know the same at the same time waits for one answer. */
  readonly #asked = new Map<string, Promise<void>>()

  constructor (types: ArrayTypes, ask: AskForTypes) {
    this.#types = types
    this.#ask = ask
  }

  /** Tells whether it is known already which of the types in `description` are arrays. */
  areKnown (description: Description): boolean {
    return description.isPlain || this.#known.has(description)
  }

  /**
   * Calls `then` when the types in `description` are known: at once or later. A look-up that fails leaves them as texts,
   * and the next statement asks again.
   */
  require (description: Description, then: () => void): void {
    if (this.areKnown(description)) return then()
    const unknown = this.#types.unknownIn(description)
    if (unknown.length === 0) {
      this.#known.add(description)
      return then()
    }
    const key = unknown.join()
    const asked = this.#asked.get(key) ?? this.#lookUp(unknown).finally(() => this.#asked.delete(key))
    this.#asked.set(key, asked)
    asked.then(then)
  }

  async #lookUp (unknown: readonly number[]): Promise<void> {
    const found = await this.#ask(unknown).catch(() => undefined)
    if (found !== undefined && !this.#types.learn(unknown, found)) this.#known = new WeakSet()
  }
}
