import { Transform, type Readable, type Writable, finished as whenFinished } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { TransactionSql } from 'postgres'
import { goOnBehind, onLateError, onStream } from '../../data/wire/index.ts'

/** One end of a stream of rows: a transaction, and its COPY. */
export interface CopyEnd {
  readonly tx: TransactionSql
  readonly text: string
}

const PIECE = 65_536

/**
 * Streams the rows of `copy … to stdout` into `copy … from stdin`, as the bytes that they are, and returns when the server
 * has confirmed them. A source that is faster waits.
 */
export async function pour (from: CopyEnd, to: CopyEnd): Promise<void> {
  const source = await readRows(from)
  try {
    await writeRows(to, source)
  } catch (error) {
    await readToEnd(source)
    throw error
  }
}

/** Yields the rows of `copy … to stdout`. Whoever wants no more of them leaves the connection to the next statement all the same. */
export async function * wholeRows (from: CopyEnd): AsyncGenerator<Buffer> {
  const source = await readRows(from)
  try {
    // A stream that is destroyed is not read, and the driver holds the connection until it is.
    yield * source.iterator({ destroyOnReturn: false })
  } finally {
    await readToEnd(source)
  }
}

/** The driver waits for the end of a COPY before it sends anything else, a rollback too. */
async function readToEnd (source: Readable): Promise<void> {
  source.resume()
  await finished(source).catch(() => {})
}

/** Begins `copy … to stdout` and returns its rows. */
export async function readRows ({ tx, text }: CopyEnd): Promise<Readable> {
  const query = tx.unsafe(text)
  // Whoever reads hears of an error; until somebody does, it must not end the process.
  onStream(query, (stream) => stream.on('error', () => {}))
  const rows = await query.readable()
  goOnBehind(rows)
  return rows
}

/** Writes what `source` has into `copy … from stdin`, and returns when the server has confirmed it. */
export async function writeRows ({ tx, text }: CopyEnd, source: Readable): Promise<void> {
  const query = tx.unsafe(text)
  onStream(query, (stream) => stream.on('error', () => {}))
  const target = await query.writable()
  onLateError(query, (error) => target.destroy(error))
  await piped(source, gathered(), target)
}

/** As `pipeline` does it, but leaves the source alone when something fails: it is read to its end. It may have failed before. */
async function piped (source: Readable, pieces: Transform, target: Writable): Promise<void> {
  const written = finished(target)
  const stop = (error: Error): void => {
    source.unpipe(pieces)
    target.destroy(error)
  }
  const forgetSource = whenFinished(source, (error) => { if (error != null) stop(error) })
  pieces.once('error', stop)
  try {
    source.pipe(pieces).pipe(target)
    await written
  } finally {
    forgetSource()
    source.unpipe(pieces)
  }
}

/** The driver gives one row at a time, and writes each piece by itself: a hundred rows cost no more than one. */
function gathered (): Transform {
  let rows: Buffer[] = []
  let size = 0
  const take = (): Buffer => {
    const piece = Buffer.concat(rows, size)
    rows = []
    size = 0
    return piece
  }
  return new Transform({
    transform (row: Buffer, _encoding, done) {
      rows.push(row)
      size += row.length
      done(null, size >= PIECE ? take() : undefined)
    },
    flush (done) {
      done(null, size > 0 ? take() : undefined)
    }
  })
}
