import { HEADER } from './messages.ts'

/** Bytes of one column behind its name: table, attribute, type, size, modifier, format. */
const COLUMN_TAIL = 18
const TYPE_AT = 6
/** Types below are PostgreSQL's own. */
export const FIRST_OF_USERS = 16_384

/** What a server says of a prepared statement: ParameterDescription, and RowDescription or NoData. */
export class Description {
  readonly parameters: Buffer
  readonly columns: Buffer
  /** Whether all of its types are PostgreSQL's own, which the driver knows. */
  readonly isPlain: boolean
  #columnsKey: string
  #parametersKey: string

  /** Takes copies: a view would keep a whole chunk of the socket alive. */
  constructor (parameters: Buffer, columns: Buffer) {
    this.parameters = Buffer.from(parameters)
    this.columns = Buffer.from(columns)
    this.#parametersKey = this.parameters.toString('latin1')
    this.#columnsKey = withoutTables(this.columns).toString('latin1')
    this.isPlain = this.types.every((type) => type < FIRST_OF_USERS)
  }

  /** Keeps `other`'s keys where they are the same: a thousand schemas hold them once then, and compare them without reading them. */
  shareKeys (other: Description): void {
    if (this.#columnsKey === other.#columnsKey) this.#columnsKey = other.#columnsKey
    if (this.#parametersKey === other.#parametersKey) this.#parametersKey = other.#parametersKey
  }

  /** Whether results look the same: names and types of the columns. The table differs in each schema and does not matter. */
  hasColumnsOf (other: Description): boolean {
    return this === other || this.#columnsKey === other.#columnsKey
  }

  /** The types of its parameters and columns. */
  get types (): readonly number[] {
    const parameters = Array.from({ length: this.parameters.readUInt16BE(HEADER) }, (_, index) => this.parameters.readUInt32BE(HEADER + 2 + index * 4))
    return [...parameters, ...columnTails(this.columns).map((at) => this.columns.readUInt32BE(at + TYPE_AT))]
  }

  /** Whether the server said exactly the same. */
  equals (other: Description): boolean {
    return this.#parametersKey === other.#parametersKey && this.columns.equals(other.columns)
  }

  hasParametersOf (other: Description): boolean {
    return this === other || this.#parametersKey === other.#parametersKey
  }
}

/** Where the tail of each column begins; of NoData there is none. */
function columnTails (columns: Buffer): readonly number[] {
  const tails: number[] = []
  if (columns.length < HEADER + 2) return tails
  let at = HEADER + 2
  for (let count = columns.readUInt16BE(HEADER); count > 0; count--) {
    const tail = columns.indexOf(0, at) + 1
    tails.push(tail)
    at = tail + COLUMN_TAIL
  }
  return tails
}

function withoutTables (columns: Buffer): Buffer {
  const copy = Buffer.from(columns)
  for (const at of columnTails(columns)) copy.writeUInt32BE(0, at)
  return copy
}
