import type { Sql } from 'postgres'
import { DriverUnsupportedError } from '../../words/errors/index.ts'
import { type Description, FIRST_OF_USERS } from './description.ts'

const TEXT_ARRAY = 1009
const MAX_TYPES = 50_000

interface TypeFunctions {
  readonly parsers: Record<number, (value: string) => unknown>
  readonly serializers: Record<number, (value: unknown) => unknown>
}

/** The query of what of the types `$1`, an array of their numbers, are arrays, and of what. */
export const ARRAY_TYPES_SQL = "select oid::text as array, typelem::text as element from pg_catalog.pg_type where oid = any($1::oid[]) and typcategory = 'A'"

/**
 * The array types that all clients of one driver read and write. The driver reads them once, when it connects, and a type
 * that was made later, or with a tenant's schema, would come back as a text such as `{open,won}`.
 */
export class ArrayTypes {
  readonly #functions: TypeFunctions
  readonly #arrayOf: Record<number, number>
  readonly #lookedUp = new Set<number>()
  readonly #learned = new Map<number, number>()

  /** @throws {DriverUnsupportedError} FST_TENANCY_DRIVER_UNSUPPORTED */
  constructor (options: Sql['options']) {
    const shared: unknown = Reflect.get(options, 'shared')
    const arrayOf: unknown = typeof shared === 'object' && shared !== null ? Reflect.get(shared, 'typeArrayMap') : undefined
    if (!isNumbers(arrayOf)) throw new DriverUnsupportedError()
    this.#functions = options
    this.#arrayOf = arrayOf
  }

  /** Whether arrays are read at all: `fetch_types: false` leaves them as texts. */
  get isOn (): boolean {
    return this.#functions.parsers[TEXT_ARRAY] !== undefined
  }

  /** Returns the types of columns and parameters that nobody has looked up yet. */
  unknownIn (description: Description): readonly number[] {
    if (!this.isOn) return []
    return description.types.filter((type) => type >= FIRST_OF_USERS && !this.#lookedUp.has(type) && this.#functions.parsers[type] === undefined)
  }

  /**
   * Keeps what was found of the types `asked`. Arrays of a type that has no functions of its own are arrays of texts.
   * Returns false if there were too many, and what was learned before is forgotten.
   */
  learn (asked: readonly number[], found: ReadonlyArray<{ readonly array: number, readonly element: number }>): boolean {
    const hasRoom = this.#lookedUp.size + asked.length <= MAX_TYPES
    if (!hasRoom) this.#forget()
    for (const type of asked) this.#lookedUp.add(type)
    for (const { array, element } of found) {
      const { parsers, serializers } = this.#functions
      const parser = parsers[TEXT_ARRAY]
      const serializer = serializers[TEXT_ARRAY]
      if (parser === undefined || serializer === undefined || parsers[array] !== undefined) continue
      parsers[array] = parser
      serializers[array] = serializer
      this.#arrayOf[element] = array
      this.#learned.set(array, element)
    }
    return hasRoom
  }

  /** Whoever needs one of them again asks again. */
  #forget (): void {
    this.#lookedUp.clear()
    for (const [array, element] of this.#learned) {
      delete this.#functions.parsers[array]
      delete this.#functions.serializers[array]
      delete this.#arrayOf[element]
    }
    this.#learned.clear()
  }
}

function isNumbers (value: unknown): value is Record<number, number> {
  return typeof value === 'object' && value !== null
}
