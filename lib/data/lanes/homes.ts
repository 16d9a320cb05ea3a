import type { Connection } from './connection.ts'

const MAX_HOMES = 10_000

interface Home {
  readonly connection: Connection
  readonly tenantId: string
}

/**
 * Which connection each schema's statements go to: it has them prepared and planned, and its backend has seen the schema.
 * A schema that several tenants use is at home everywhere. Bounded; what moved in longest ago goes first.
 */
export class Homes {
  readonly #homes = new Map<string, Home | 'everywhere'>()
  readonly #residents = new Map<Connection, number>()

  /** Returns the home of a shape of settings; undefined if it has none yet. */
  of (shape: string, tenantId: string): Connection | 'everywhere' | undefined {
    const home = this.#homes.get(shape)
    if (home === undefined || home === 'everywhere') return home
    if (home.tenantId === tenantId) return home.connection
    this.#moveOut(shape, home)
    this.#homes.set(shape, 'everywhere')
    return 'everywhere'
  }

  /** How many schemas have a home, or are at home everywhere. */
  get schemas (): number {
    return this.#homes.size
  }

  /** How many connections are home to a schema. */
  get size (): number {
    return this.#residents.size
  }

  /** Tells whether a connection is home to a schema. */
  isHome (connection: Connection): boolean {
    return this.#residents.has(connection)
  }

  /** Returns the one of these connections that is home to the fewest. */
  quietest (connections: readonly Connection[]): Connection | undefined {
    return connections.reduce<Connection | undefined>((best, one) => best === undefined || this.#countOf(one) < this.#countOf(best) ? one : best, undefined)
  }

  settle (shape: string, tenantId: string, connection: Connection): void {
    this.#homes.set(shape, { connection, tenantId })
    this.#residents.set(connection, this.#countOf(connection) + 1)
    const [oldest] = this.#homes
    if (this.#homes.size > MAX_HOMES && oldest !== undefined) this.#moveOut(...oldest)
  }

  /** Forgets a connection that is gone. */
  leave (connection: Connection): void {
    this.#residents.delete(connection)
    for (const [shape, home] of this.#homes) if (home !== 'everywhere' && home.connection === connection) this.#homes.delete(shape)
  }

  #moveOut (shape: string, home: Home | 'everywhere'): void {
    this.#homes.delete(shape)
    if (home !== 'everywhere' && this.#residents.has(home.connection)) this.#residents.set(home.connection, this.#countOf(home.connection) - 1)
  }

  #countOf (connection: Connection): number {
    return this.#residents.get(connection) ?? 0
  }
}
