import type { Connection } from './connection.ts'

const MAX_HOMES = 10_000

/**
 * Which connection each schema's statements go to, if it has room: it has them prepared, and its backend has seen the
 * schema. Bounded; what moved in longest ago goes first.
 */
export class Homes {
  readonly #homes = new Map<string, Connection>()

  get (shape: string): Connection | undefined {
    return this.#homes.get(shape)
  }

  settle (shape: string, connection: Connection): void {
    this.#homes.delete(shape)
    this.#homes.set(shape, connection)
    const [oldest] = this.#homes.keys()
    if (this.#homes.size > MAX_HOMES && oldest !== undefined) this.#homes.delete(oldest)
  }

  /** Forgets a connection that is gone. */
  leave (connection: Connection): void {
    for (const [shape, home] of this.#homes) if (home === connection) this.#homes.delete(shape)
  }
}
