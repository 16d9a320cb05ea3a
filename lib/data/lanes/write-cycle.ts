import { EXECUTE, FLUSH, FRONTEND, SYNC, closeOf, describeOf, message, parseOf } from '../wire/index.ts'
import type { Cycle } from './cycle.ts'
import type { Request } from './request.ts'
import type { Outbox } from './outbox.ts'
import type { ServerStatement, ServerStatements } from './server-statements.ts'
import type { Statement } from './statements.ts'

type PreparedRequest = Extract<Request, { readonly statement: Statement }>

/** Writes a cycle into `outbox`, frame first, and tells it what has to come back. The only place that sends a statement. */
export function writeCycle (cycle: Cycle, nonce: number, statements: ServerStatements, outbox: Outbox): void {
  const { request } = cycle
  if (request.kind === 'bare') {
    const opening = open(cycle, outbox)
    outbox.put(request.messages)
    cycle.sent({ nonce, row: undefined, replies: opening, closes: 0, server: undefined, isParsing: false, charactersInFront: 0 })
  } else if (request.kind === 'text') {
    writeText(cycle, request.text, nonce, outbox)
  } else {
    writePrepared(cycle, request, nonce, statements, outbox)
  }
}

// T D C: what a simple query answers to the SELECT that sets the settings.
const TEXT_REPLIES = [...Buffer.from('TDC')]

function writeText (cycle: Cycle, text: Buffer, nonce: number, outbox: Outbox): void {
  const settings = requireFrame(cycle).inText(nonce)
  outbox.put(message(FRONTEND.query, settings.sql, text, '\0'))
  cycle.sent({ nonce, row: settings.row, replies: TEXT_REPLIES, closes: 0, server: undefined, isParsing: false, charactersInFront: [...settings.sql].length })
}

function writePrepared (cycle: Cycle, request: PreparedRequest, nonce: number, statements: ServerStatements, outbox: Outbox): void {
  const frame = requireFrame(cycle)
  const opening = open(cycle, outbox)
  outbox.putNumbered(frame.request, nonce, frame.nonceAt)
  const known = request.isNamed ? believed(request.statement, statements) : undefined
  const front = known === undefined ? prepare(request, statements, outbox) : { server: known, closes: 0, isParsing: false }
  if (request.kind === 'run') writeRun(request, front.server?.name ?? '', outbox)
  else outbox.put(SYNC)
  if (known?.description !== undefined) cycle.owner.described(known.description)
  cycle.sent({ nonce, row: frame.row, replies: opening.length === 0 ? frame.replies : [...opening, ...frame.replies], ...front, charactersInFront: 0 })
}

/** Begins the transaction that the cycle is the first statement of, and returns what has to come back. */
function open ({ opening }: Cycle, outbox: Outbox): readonly number[] {
  if (opening === undefined) return NOTHING
  outbox.put(opening.request)
  return opening.replies
}

const NOTHING: readonly number[] = []

/** What the connection has prepared, if it is confirmed and of the same age as what the lane was told. */
function believed (statement: Statement, statements: ServerStatements): ServerStatement | undefined {
  const server = statements.get(statement)
  return server?.description !== undefined && server.description === statement.description ? server : undefined
}

interface Prepared {
  readonly server: ServerStatement | undefined
  readonly closes: number
  readonly isParsing: boolean
}

/** Sends Parse and Describe: what is prepared anew may look different from what the lane was told. */
function prepare (request: PreparedRequest, statements: ServerStatements, outbox: Outbox): Prepared {
  const { statement } = request
  const old = request.isNamed ? statements.get(statement) : undefined
  // The one that is on its way may fail: who relied on its name would get an error that is not its own.
  const isOnItsWay = old !== undefined && old.description === undefined
  const closed: string[] = []
  if (old !== undefined && !isOnItsWay && statements.delete(statement, old)) closed.push(old.name)
  const added = request.isNamed && !isOnItsWay ? statements.add(statement) : undefined
  closed.push(...added?.closed ?? [])
  for (const name of closed) outbox.put(closeOf(name))
  const name = added?.server.name ?? ''
  outbox.put(parseOf(name, statement.text.body))
  outbox.put(describeOf(name))
  return { server: added?.server, closes: closed.length, isParsing: true }
}

/** Bind under the server's name, Execute, and Sync; a cursor asks for its first rows instead and stays open. */
function writeRun ({ bind, nameEnd, cursor }: Extract<Request, { readonly kind: 'run' }>, name: string, outbox: Outbox): void {
  const tail = bind.subarray(nameEnd)
  // The portal has no name: one NUL.
  outbox.putHeader(FRONTEND.bind, 1 + name.length + tail.length)
  outbox.putName(`\0${name}`)
  outbox.put(tail)
  outbox.put(cursor ?? EXECUTE)
  outbox.put(cursor === undefined ? SYNC : FLUSH)
}

function requireFrame (cycle: Cycle): NonNullable<Cycle['frame']> {
  // No statement without settings (rule 1), whatever went wrong above.
  if (cycle.frame === undefined) throw new TypeError('a statement has no settings')
  return cycle.frame
}
