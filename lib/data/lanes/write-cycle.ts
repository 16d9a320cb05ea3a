import { BACKEND, EXECUTE, FLUSH, FRONTEND, SYNC, type SettingsMessages, closeOf, describeOf, message, parseOf, queryOf } from '../wire/index.ts'
import type { Cycle } from './cycle.ts'
import { COMMIT, ENCLOSING, Enclosure } from './enclosure.ts'
import { NOTHING_IN_FRONT, type Request } from './request.ts'
import type { Outbox } from './outbox.ts'
import type { ServerStatement, ServerStatements } from './server-statements.ts'
import type { Statement } from './statements.ts'

type PreparedRequest = Extract<Request, { readonly statement: Statement }>

/** Writes a cycle into `outbox`, frame first, and tells it what has to come back. The only place that sends a statement. */
export function writeCycle (cycle: Cycle, nonce: number, statements: ServerStatements, outbox: Outbox): void {
  const { request, frame } = cycle
  cycle.enclosure = frame?.isEnclosed === true && !cycle.isInTransaction ? new Enclosure(!cycle.isLong) : undefined
  if (request.kind === 'bare') {
    const opening = open(cycle, outbox)
    outbox.put(request.messages)
    cycle.sent({ ...NOTHING_IN_FRONT, nonce, replies: opening })
  } else if (request.kind === 'text') {
    writeText(cycle, request.text, nonce, outbox)
  } else {
    writePrepared(cycle, request, nonce, statements, outbox)
  }
  // Behind a statement that others end it is sent when that has ended.
  if (cycle.enclosure !== undefined && !cycle.isLong) outbox.put(COMMIT)
}

function writeText (cycle: Cycle, text: Buffer, nonce: number, outbox: Outbox): void {
  const frame = requireFrame(cycle)
  if (cycle.frame?.isEnclosed === true) return writeBehind(cycle, frame, text, nonce, outbox)
  if (frame.inText === undefined) return writeBehindFrame(cycle, frame, text, nonce, outbox)
  const settings = frame.inText(nonce)
  outbox.put(message(FRONTEND.query, settings.sql, text, '\0'))
  cycle.sent({ ...NOTHING_IN_FRONT, nonce, row: settings.row, replies: settings.replies, charactersInFront: [...settings.sql].length })
}

/**
 * A text behind settings that end with a Sync of their own: in a transaction that has failed by then, the server refuses the text. Where
 * the transaction is begun for it, the text waits until it is.
 */
function writeBehind (cycle: Cycle, frame: SettingsMessages, text: Buffer, nonce: number, outbox: Outbox): void {
  const opening = open(cycle, outbox)
  outbox.putNumbered(frame.request, nonce, frame.nonceAt)
  outbox.put(SYNC)
  if (cycle.enclosure === undefined) outbox.put(queryOf(text))
  else cycle.enclosure.hold(queryOf(text))
  cycle.sent({ ...NOTHING_IN_FRONT, nonce, row: frame.row, replies: [...opening, ...frame.replies], isReadyInFront: true })
}

// One statement more, without rows: behind messages of the extended protocol the server (17.3, 18) loses count of its
// transaction after a text of one, and ends it as it should after a text of several.
const SECOND = 'select where false;'

/** T C: what it is answered with. */
const SECOND_REPLIES = [BACKEND.rowDescription, BACKEND.commandComplete]

/**
 * Sends a text behind a frame of the extended protocol. Both are one transaction, because no Sync stands between them; the
 * values of the frame are in no text that others see. If the frame fails, the server skips the text until a Sync comes.
 */
function writeBehindFrame (cycle: Cycle, { request, nonceAt, row, replies }: SettingsMessages, text: Buffer, nonce: number, outbox: Outbox): void {
  outbox.putNumbered(request, nonce, nonceAt)
  outbox.put(message(FRONTEND.query, SECOND, text, '\0'))
  cycle.sent({ ...NOTHING_IN_FRONT, nonce, row, replies: [...replies, ...SECOND_REPLIES], charactersInFront: SECOND.length, textAt: replies.length })
}

function writePrepared (cycle: Cycle, request: PreparedRequest, nonce: number, statements: ServerStatements, outbox: Outbox): void {
  const frame = requireFrame(cycle)
  const opening = open(cycle, outbox)
  const settings = cycle.isInTransaction && cycle.opening === undefined ? frame.requestAgain : frame.request
  outbox.putNumbered(settings, nonce, frame.nonceAt)
  // What is sent once more is prepared anew: on another connection it may be as outdated. A cursor cannot be sent once more.
  const known = request.isNamed && !cycle.isRetried && !cycle.isCursor ? believed(request.statement, statements, cycle.isInTransaction) : undefined
  const front = known === undefined ? prepare(request, statements, outbox) : { server: known, closes: 0, isParsing: false }
  if (request.kind === 'run') {
    if (front.server !== undefined) front.server.runs++
    writeRun(request, front.server?.name ?? '', outbox)
  } else {
    outbox.put(SYNC)
  }
  if (known?.description !== undefined) cycle.owner.described(known.description)
  cycle.sent({
    nonce,
    row: frame.row,
    replies: opening.length === 0 ? frame.replies : [...opening, ...frame.replies],
    closes: front.closes,
    server: front.server,
    isParsing: front.isParsing,
    charactersInFront: 0,
    isReadyInFront: false,
    textAt: 0
  })
}

/** Begins the transaction that the cycle is the first statement of, and returns what has to come back. */
function open (cycle: Cycle, outbox: Outbox): readonly number[] {
  const opening = cycle.opening ?? (cycle.enclosure === undefined ? undefined : ENCLOSING)
  if (opening === undefined) return NOTHING
  outbox.put(opening.request)
  return opening.replies
}

const NOTHING: readonly number[] = []

/** What the connection has prepared, if it is confirmed, and what the lane was told, and fits a transaction where there is one. */
function believed (statement: Statement, statements: ServerStatements, isInTransaction: boolean): ServerStatement | undefined {
  const server = statements.get(statement)
  if (server?.description === undefined || server.description !== statement.description) return undefined
  return isInTransaction && !statements.fitsTransaction(server) ? undefined : server
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
  // The portal has no name: one NUL.
  outbox.putHeader(FRONTEND.bind, 1 + name.length + bind.length - nameEnd)
  outbox.putName(`\0${name}`)
  outbox.put(bind, nameEnd)
  outbox.put(cursor ?? EXECUTE)
  outbox.put(cursor === undefined ? SYNC : FLUSH)
}

function requireFrame (cycle: Cycle): SettingsMessages {
  // No statement without settings (rule 1), whatever went wrong above.
  if (cycle.frame === undefined) throw new TypeError('a statement has no settings')
  return cycle.frame.current()
}
