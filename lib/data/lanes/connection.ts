import type { Socket } from 'node:net'
import { ConnectionLostError, DeadlineError, SqlUnexpectedError } from '../../words/errors.ts'
import { BACKEND, HEADER, IDLE, type OpenSocket, TERMINATE, errorFields, lengthAt } from '../wire/index.ts'
import type { Cycle, Verdict } from './cycle.ts'
import { Outbox } from './outbox.ts'
import { ServerStatements } from './server-statements.ts'
import { writeCycle } from './write-cycle.ts'

/** What a connection tells whoever opened it. */
export interface ConnectionEvents {
  /** Cycles were answered: there may be room for others. */
  answered (connection: Connection): void
  /** The connection is gone. `unsent` never left the process, so they can be sent on another one. */
  ended (connection: Connection, unsent: readonly Cycle[]): void
  /** What the connection had prepared for this cycle is out of date, and nothing was executed: it can be sent again. */
  outdated (connection: Connection, cycle: Cycle): void
}

/** How many schemas a backend may have seen: it keeps memory for each of them until it ends. */
const MAX_SHAPES = 2_000

const CHARACTER_SETTINGS: Readonly<Record<string, string>> = { client_encoding: 'UTF8', standard_conforming_strings: 'on' }

/**
 * One socket to PostgreSQL: an ordered queue of cycles, each a transaction of its own or part of the one that its lane
 * has to itself. The server answers in order; whatever comes out of order, or with settings that are not exactly those of
 * the cycle at the head, ends the connection before a byte of it reaches anybody.
 */
export class Connection {
  readonly openedAt = performance.now()
  readonly statements = new ServerStatements()
  readonly key: OpenSocket['key']
  readonly #socket: Socket
  readonly #events: ConnectionEvents
  readonly #outbox = new Outbox()
  readonly #shapes = new Set<string>()
  #cycles: Cycle[] = []
  #head = 0
  #nonce = Math.floor(Math.random() * 0x3fffffff)
  #sentNonce = this.#nonce
  #rest: Buffer | undefined
  /** Bytes of a long message whose beginning was passed on already. */
  #due = 0
  #end: Error | undefined
  /** A cycle whose answer is of no use: it is sent once more when the server is ready. */
  #skipped: Cycle | undefined
  #status = IDLE
  /** When the cycle at the head became it; for deadlines, so not more exact than it need be. */
  headSince = 0
  /** Whether a cancel is on its way to it: nothing may follow what it has. */
  isSealed = false
  /** Whether cycles were answered since the connection was last cleaned. */
  isUsed = false

  constructor ({ socket, key }: OpenSocket, events: ConnectionEvents) {
    this.#socket = socket
    this.key = key
    this.#events = events
    socket.setNoDelay?.(true)
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', (error) => this.fail(error))
    socket.on('close', () => this.fail(new Error('the server closed the connection')))
  }

  /** How many cycles have no whole answer yet. */
  get depth (): number {
    return this.#cycles.length - this.#head
  }

  get isUsable (): boolean {
    return this.#end === undefined
  }

  /** The status that the server reported last: idle, in a transaction, or in a failed one. */
  get status (): number {
    return this.#status
  }

  /** Whether the backend holds memory for more schemas than it should. */
  get isWorn (): boolean {
    return this.#shapes.size > MAX_SHAPES
  }

  /** The cycle that the server works on. */
  get head (): Cycle | undefined {
    return this.#cycles[this.#head]
  }

  /** Appends a cycle: its frame and its messages, in one synchronous piece. */
  add (cycle: Cycle): void {
    this.#nonce = this.#nonce === 0x7fffffff ? 0 : this.#nonce + 1
    if (cycle.frame !== undefined) this.#shapes.add(cycle.frame.shape)
    writeCycle(cycle, this.#nonce, this.statements, this.#outbox)
    if (this.depth === 0) this.headSince = performance.now()
    this.#cycles.push(cycle)
  }

  /** Appends messages to the cycle that is open. */
  append (messages: Buffer): void {
    this.#outbox.put(messages)
  }

  /** Writes what was added. */
  flush (): void {
    if (this.#outbox.isEmpty || this.#end !== undefined) return
    this.#sentNonce = this.#nonce
    this.#outbox.writeTo(this.#socket)
  }

  pause (): void {
    this.#socket.pause()
  }

  resume (): void {
    this.#socket.resume()
  }

  /** Says goodbye. */
  close (): void {
    if (this.#end !== undefined) return
    this.flush()
    this.#socket.end(TERMINATE)
    setTimeout(() => this.#socket.destroy(), 1_000).unref()
    this.fail(new Error('the connection was closed'))
  }

  /** Ends the connection now. Whoever waits for an answer is told; what was not sent is given back. */
  fail (reason: Error): void {
    if (this.#end !== undefined) return
    this.#end = reason
    if (!this.#socket.writableEnded) this.#socket.destroy()
    const open = this.#cycles.slice(this.#head)
    this.#cycles = []
    this.#head = 0
    const sent = open.filter((cycle) => !this.#isUnsent(cycle))
    this.#events.ended(this, open.filter((cycle) => this.#isUnsent(cycle)))
    for (const cycle of sent) cycle.owner.lost(reason)
  }

  /** Gives the connection up if the cycle at its head takes too long. */
  checkDeadline (now: number, milliseconds: number): void {
    const head = this.head
    if (head === undefined || now - this.headSince < milliseconds) return
    head.owner.refused(new DeadlineError('statement', 'statement'))
    this.fail(new Error('no answer before the deadline'))
  }

  /** Numbers wrap around, and no queue is half as long as that. */
  #isUnsent (cycle: Cycle): boolean {
    return ((cycle.nonce - this.#sentNonce) | 0) > 0
  }

  #read (bytes: Buffer): void {
    if (this.#end !== undefined) return
    const chunk = this.#rest === undefined ? bytes : Buffer.concat([this.#rest, bytes])
    this.#rest = undefined
    const before = this.#head
    const depth = this.depth
    this.#take(chunk, this.#passDue(chunk))
    if (this.#end === undefined && (this.#head !== before || this.depth !== depth)) this.#events.answered(this)
  }

  /** Passes on what is left of a long message, and returns where the next one begins. */
  #passDue (chunk: Buffer): number {
    if (this.#due === 0) return 0
    const length = Math.min(this.#due, chunk.length)
    this.#due -= length
    this.head?.owner.receive(chunk.subarray(0, length))
    return length
  }

  /** Goes through the messages of a chunk; runs of them that have one receiver are handed on as one. */
  #take (chunk: Buffer, start: number): void {
    let at = start
    let from = -1
    while (chunk.length - at >= HEADER) {
      const type = chunk[at] ?? 0
      const length = lengthAt(chunk, at)
      const cycle = this.head
      if (chunk.length - at < length) {
        if (cycle === undefined || !cycle.isPassing || !isRow(type)) break
        this.#due = length - (chunk.length - at)
        if (from === -1) from = at
        at = chunk.length
        break
      }
      const verdict = this.#judge(cycle, type, chunk, at, length)
      if (verdict === 'pass') {
        if (from === -1) from = at
        at += length
        if (type === BACKEND.ready && cycle !== undefined) {
          cycle.owner.receive(chunk.subarray(from, at))
          from = -1
          this.#finish(cycle)
        }
      } else {
        if (from !== -1) cycle?.owner.receive(chunk.subarray(from, at))
        from = -1
        at += length
        if (verdict === 'kill') return this.#doubt(type, chunk.subarray(at - length, at))
        if (verdict === 'retry') this.#skipped = cycle
        else if (verdict !== 'swallow') cycle?.owner.receive(verdict.instead)
      }
      if (this.#end !== undefined) return
    }
    if (from !== -1) this.head?.owner.receive(chunk.subarray(from, at))
    if (at < chunk.length) this.#rest = chunk.subarray(at)
  }

  #judge (cycle: Cycle | undefined, type: number, chunk: Buffer, at: number, length: number): Verdict {
    if (cycle === undefined || isUnasked(type)) return this.#unasked(type, chunk, at, length)
    if (type === BACKEND.ready) return this.#ready(cycle, chunk, at)
    const verdict = cycle.accept(type, chunk, at, length)
    // What a transaction has done before is lost with it, so only its owner can do all of it again.
    return verdict === 'retry' && this.#status !== IDLE ? 'pass' : verdict
  }

  #ready (cycle: Cycle, chunk: Buffer, at: number): 'pass' | 'swallow' | 'kill' {
    const status = chunk[at + HEADER] ?? 0
    if (!cycle.isComplete || (cycle.isShared && status !== IDLE)) return 'kill'
    this.#status = status
    this.isUsed = true
    if (cycle.isFailed) this.#forget(cycle)
    if (this.#skipped !== cycle) return 'pass'
    this.#skipped = undefined
    this.#shift()
    this.#events.outdated(this, cycle)
    return 'swallow'
  }

  /** What failed to be prepared is not there; what is out of date is not used again. */
  #forget ({ server, request, isOutOfDate }: Cycle): void {
    if (server === undefined || (request.kind !== 'run' && request.kind !== 'describe')) return
    if (isOutOfDate || server.description === undefined) this.statements.drop(request.statement, server)
  }

  #finish (cycle: Cycle): void {
    this.#shift()
    if (this.#socket.isPaused()) this.#socket.resume()
    cycle.owner.finished(this.#status)
  }

  #shift (): void {
    this.headSince = performance.now()
    this.#head++
    if (this.#head === this.#cycles.length) {
      this.#cycles = []
      this.#head = 0
    } else if (this.#head > 256) {
      this.#cycles.splice(0, this.#head)
      this.#head = 0
    }
  }

  /** Messages that belong to no statement. */
  #unasked (type: number, chunk: Buffer, at: number, length: number): 'swallow' | 'kill' {
    if (type === BACKEND.parameterStatus) return this.#isReadable(chunk.toString('utf8', at + HEADER, at + length - 1)) ? 'swallow' : 'kill'
    return type === BACKEND.notice || type === BACKEND.notification ? 'swallow' : 'kill'
  }

  /** Texts are read as UTF-8, and literals by the standard's rules. */
  #isReadable (status: string): boolean {
    const [name = '', value] = status.split('\0')
    return !Object.hasOwn(CHARACTER_SETTINGS, name) || CHARACTER_SETTINGS[name] === value
  }

  /** Ends the connection because of a message that should not be there, or that says that the server ends it. */
  #doubt (type: number, message: Buffer): void {
    if (type === BACKEND.error) return this.fail(new ConnectionLostError({ cause: new Error(errorFields(message)['message']) }))
    this.head?.owner.refused(new SqlUnexpectedError())
    this.fail(new Error('an answer was not the one that was due'))
  }
}

function isRow (type: number): boolean {
  return type === BACKEND.dataRow || type === BACKEND.copyData
}

function isUnasked (type: number): boolean {
  return type === BACKEND.parameterStatus || type === BACKEND.notification
}
