import { createHash } from 'node:crypto'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { ExportUnusableError } from '../../words/errors/index.ts'
import { ISOLATION_STRATEGIES } from '../../words/types.ts'
import { positionSchema } from './sequences.ts'
import { shapeSchema } from './shape.ts'

/** The version of the files that this package writes, and the only one that it reads. */
export const FORMAT = 1

/** What ends the rows of a table: no row of COPY's text looks like that, since it writes each backslash twice. */
export const END_OF_ROWS = '\\.'

const migrationSchema = Type.Object({ name: Type.String(), checksum: Type.String() })

const headerSchema = Type.Object({
  format: Type.Literal('zakops-tenancy'),
  version: Type.Literal(FORMAT),
  tenant: Type.Object({
    id: Type.String(), name: Type.String(), isolation: Type.Union(ISOLATION_STRATEGIES.map((name) => Type.Literal(name)))
  }),
  migrations: Type.Array(migrationSchema),
  /** In the order in which their rows follow. */
  tables: shapeSchema
})

const trailerSchema = Type.Object({
  counts: Type.Array(Type.Object({ table: Type.String(), rows: Type.Number(), checksum: Type.String() })),
  sequences: Type.Array(positionSchema),
  /** SHA-256 of everything in front of this line. */
  sha256: Type.String()
})

/** The first line of an export: whose it is, and what the tables look like. */
export type ExportHeader = Static<typeof headerSchema>

/** The last line of an export: how much it holds. Without it an export has no end. */
export type ExportTrailer = Static<typeof trailerSchema>

/** Reads the lines of an export, and adds up what has been read. */
export class ExportLines {
  readonly #lines: AsyncGenerator<Buffer>
  readonly #hash = createHash('sha256')

  constructor (bytes: AsyncIterable<Buffer>) {
    this.#lines = splitLines(bytes)
  }

  async header (): Promise<ExportHeader> {
    const header = parse(await this.#next())
    if (!Value.Check(headerSchema, header)) throw new ExportUnusableError('it is not an export of this version')
    return header
  }

  /** Returns the rows of the next table, each with its line end. */
  async * rows (table: string): AsyncGenerator<Buffer> {
    if (parse(await this.#next()) !== table) throw new ExportUnusableError('its tables are not in their order')
    for (;;) {
      const line = await this.#next()
      if (line.length === END_OF_ROWS.length + 1 && line.toString('latin1', 0, END_OF_ROWS.length) === END_OF_ROWS) return
      yield line
    }
  }

  async trailer (): Promise<ExportTrailer> {
    const sha256 = this.#hash.copy().digest('hex')
    const trailer = parse(await this.#next())
    if (!Value.Check(trailerSchema, trailer)) throw new ExportUnusableError('it has no end')
    if (trailer.sha256 !== sha256 || (await this.#lines.next()).done !== true) throw new ExportUnusableError('it was altered')
    return trailer
  }

  async #next (): Promise<Buffer> {
    const { value, done } = await this.#lines.next()
    if (done === true) throw new ExportUnusableError('it was cut off')
    this.#hash.update(value)
    return value
  }
}

function parse (line: Buffer): unknown {
  try {
    return JSON.parse(line.toString())
  } catch (cause) {
    throw new ExportUnusableError('it was altered', { cause })
  }
}

/** Yields whole lines, with their ends; an unfinished one at the end is none. */
async function * splitLines (bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let begun: Buffer[] = []
  for await (const piece of bytes) {
    let at = 0
    for (let end = piece.indexOf(10); end !== -1; end = piece.indexOf(10, at)) {
      yield Buffer.concat([...begun, piece.subarray(at, end + 1)])
      begun = []
      at = end + 1
    }
    if (at < piece.length) begun.push(piece.subarray(at))
  }
}
