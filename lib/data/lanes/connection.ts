import type { Socket } from 'node:net'
import { ConnectionLostError, DeadlineError, SqlUnexpectedError } from '../../words/errors/index.ts'
import { BACKEND, HEADER, IDLE, type OpenSocket, TERMINATE, errorFields } from '../wire/index.ts'
import type { ConnectionEvents } from './connection-events.ts'
import type { Cycle } from './cycle.ts'
import type { Verdict } from './request.ts'
import { type AnswerOwner, AnswerReader } from './answer-reader.ts'
import { isUnasked, judgeUnasked } from './unasked.ts'
import { CycleQueue } from './cycle-queue.ts'
import { Outbox } from './outbox.ts'
import { ServerStatements, type TableAge } from './server-statements.ts'
import type { Share } from './tally.ts'
import { writeCycle } from './write-cycle.ts'

/** How many schemas a backend may have seen: it keeps memory for each of them until it ends. */
const MAX_SHAPES = 2_000

/**
 * One socket to PostgreSQL: an ordered queue of cycles, each a transaction of its own or part of the one that its lane
 * has to itself. The server answers in order; whatever comes out of order, or with settings that are not exactly those of
 * the cycle at the head, ends the connection before a byte of it reaches anybody.
 */
export class Connection implements AnswerOwner {
  readonly openedAt = performance.now()
  readonly statements: ServerStatements
  readonly key: OpenSocket['key']
  readonly #socket: Socket
  readonly #events: ConnectionEvents
  readonly #outbox = new Outbox()
  readonly #shapes = new Set<string>()
  readonly #cycles = new CycleQueue()
  /** Below half of what four bytes hold, so that a connection is old long before its numbers run out. */
  #nonce = Math.floor(Math.random() * 0x3fffffff)
  #sentNonce = this.#nonce
  #end: Error | undefined
  readonly #reader: AnswerReader
  /** A cycle whose answer is of no use: it is sent once more when the server is ready. */
  #skipped: Cycle | undefined
  #status = IDLE
  /** Whether a cancel is on its way to it: nothing may follow what it has. */
  isSealed = false
  /** Whether cycles were answered since the connection was last cleaned, and whether one of a kind that leaves something behind. */
  isUsed = false
  isMarked = false

  constructor ({ socket, key }: OpenSocket, events: ConnectionEvents, age: TableAge) {
    this.statements = new ServerStatements(age)
    this.#socket = socket
    this.key = key
    this.#events = events
    this.#reader = new AnswerReader(this)
    socket.setNoDelay?.(true)
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', (error) => this.fail(error))
    socket.on('close', () => this.fail(new Error('the server closed the connection')))
    // It may have been closed before anybody listened.
    if (socket.destroyed) setImmediate(() => this.fail(new Error('the server closed the connection')))
  }

  /** How many cycles have no whole answer yet. */
  get depth (): number { return this.#cycles.length }
  /** See {@link CycleQueue}. */
  get headSince (): number { return this.#cycles.headSince }
  get pace (): number { return this.#cycles.pace }
  get isUsable (): boolean { return this.#end === undefined }
  /** Whether it has nothing to do, but to be cleaned, and is in no transaction. */
  get isIdle (): boolean { return this.isUsable && this.depth === (this.head?.isCleaning === true ? 1 : 0) && this.#status === IDLE }
  /** Whether the backend holds memory for more schemas than it should. */
  get isWorn (): boolean { return this.#shapes.size > MAX_SHAPES }

  /** Whether it had a cycle with settings of this shape: its backend knows the tables. */
  hasSeen (shape: string): boolean { return this.#shapes.has(shape) }

  /** Whether it has a cycle of the tenant with this share. */
  serves (share: Share): boolean { return this.#cycles.has(share) }

  /** The cycle that the server works on. */
  get head (): Cycle | undefined { return this.#cycles.head }

  /** Appends a cycle: its frame and its messages, in one synchronous piece. */
  add (cycle: Cycle): void {
    if (this.#end !== undefined) return cycle.owner.lost(this.#end)
    cycle.isInTransaction ||= this.#status !== IDLE || cycle.opening !== undefined
    this.#nonce++
    writeCycle(cycle, this.#nonce, this.statements, this.#outbox)
    // What was planned here before has been seen before.
    if (cycle.frame !== undefined && (cycle.server === undefined || cycle.isPlanning)) this.#shapes.add(cycle.frame.shape)
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

  pause (isPaused: boolean): void {
    if (isPaused) this.#socket.pause()
    else this.#socket.resume()
  }

  /** Says goodbye. */
  close (): void {
    if (this.#end !== undefined) return
    if (this.depth > 0) return this.fail(new Error('the connection was closed'))
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
    const { sent, unsent } = this.#cycles.split(this.#sentNonce)
    this.#events.ended(this, unsent, reason)
    for (const cycle of sent) cycle.owner.lost(reason)
  }

  /** Gives the connection up if the cycle at its head takes too long. */
  checkDeadline (now: number, milliseconds: number): void {
    const head = this.head
    if (head === undefined || now - this.headSince < milliseconds) return
    head.owner.refused(new DeadlineError('statement', 'statement'))
    this.fail(new Error('no answer before the deadline'))
  }

  #read (bytes: Buffer): void {
    if (this.#end !== undefined) return
    const { depth } = this
    this.#reader.read(bytes)
    if (this.#end === undefined && this.depth !== depth) this.#events.answered(this)
  }

  /** What becomes of a message; see AnswerOwner. */
  judge (cycle: Cycle | undefined, type: number, chunk: Buffer, at: number, length: number): Exclude<Verdict, 'retry'> {
    if (cycle === undefined || isUnasked(type)) return judgeUnasked(type, chunk, at, length)
    const between = type === BACKEND.ready ? cycle.between(chunk[at + HEADER] ?? 0) : undefined
    if (type === BACKEND.ready && between === undefined) return this.#ready(cycle, chunk, at)
    const verdict = between ?? cycle.accept(type, chunk, at, length)
    this.#sendDue(cycle)
    if (verdict !== 'retry') return verdict
    this.#skipped = cycle
    return 'swallow'
  }

  /** Sends what a cycle waits for: its commit, when it could not be sent with it. */
  #sendDue ({ enclosure }: Cycle): void {
    const due = enclosure?.takeDue()
    if (due === undefined) return
    // Who reads the rows of a COPY may have paused it for good, now that there are no more.
    if (this.#socket.isPaused()) this.#socket.resume()
    this.append(due)
    this.flush()
  }

  #ready (cycle: Cycle, chunk: Buffer, at: number): 'pass' | 'swallow' | 'kill' {
    const status = chunk[at + HEADER] ?? 0
    if (!cycle.mayEnd(status === IDLE)) return 'kill'
    this.#status = status
    if (status === IDLE) this.statements.transaction++
    this.isUsed = true
    if (cycle.leavesMarks) this.isMarked = true
    if (cycle.isFailed) this.#forget(cycle)
    if (this.#skipped !== cycle) return 'pass'
    this.#skipped = undefined
    this.#cycles.shift()
    this.#events.outdated(this, cycle)
    return 'swallow'
  }

  /** What failed to be prepared is not there; what is out of date is not used again. */
  #forget ({ server, request, isOutOfDate }: Cycle): void {
    if (server === undefined || (request.kind !== 'run' && request.kind !== 'describe')) return
    if (isOutOfDate || server.description === undefined) this.statements.drop(request.statement, server)
  }

  /** Ends a cycle whose answer is there. */
  finish (cycle: Cycle): void {
    this.#cycles.shift()
    if (this.#socket.isPaused()) this.#socket.resume()
    cycle.owner.finished(this.#status)
  }

  /** Ends the connection because of a message that should not be there, or that says that the server ends it. */
  doubt (type: number, message: Buffer): void {
    if (type === BACKEND.error) return this.fail(new ConnectionLostError({ cause: new Error(errorFields(message)['message']) }))
    this.head?.owner.refused(new SqlUnexpectedError())
    this.fail(new Error('an answer was not the one that was due'))
  }
}
