import { ConnectionLostError, SqlRefusedError } from '../../words/errors/index.ts'
import {
  type Description, type Execute, type MessageGroup, SYNC,
  bareStatement, descriptionReply, emptyReply, isCommit, isEnd, isNextRows, kindOfText, opensCursor, readGroup, refusalOf
} from '../wire/index.ts'
import { Cycle } from './cycle.ts'
import type { CycleOwner, Request } from './request.ts'
import { PREPARE_ANEW, READY, REFUSED, failure } from './lane-replies.ts'
import { HeldAnswer } from './held-answer.ts'
import { DriverMemory, type Held } from './driver-memory.ts'
import { isNotification } from './lane-query.ts'
import type { Seat } from './seat.ts'
import { isServerError, visibleError } from './server-error.ts'
import { VirtualSocket } from './virtual-socket.ts'
import type { LaneRoutes, LaneTask } from './lane-task.ts'
import type { Statement } from './statements.ts'

/**
 * One driver client that serves one caller at a time, with one statement in flight: a value that cannot be sent meets its
 * own statement and nobody else's (D-06). Its socket is ours: only whole groups of messages that are known leave it, each
 * behind the settings of whoever holds the lane. On any doubt it is thrown away; a new one costs no connection.
 */
export class Lane implements CycleOwner {
  readonly #routes: LaneRoutes
  readonly #socket: VirtualSocket
  readonly #execute: Execute
  readonly #memory = new DriverMemory()
  /** Arrays can be read once it is known that they are arrays. */
  readonly #answer = new HeldAnswer({ receive: (bytes) => this.#socket.deliver(this.#memory.takeDue(), bytes), finish: () => this.#finishTask(this.#cycle?.leavesRemains) })
  #task: LaneTask | undefined
  #failure: Error | undefined
  #isDoubted = false
  #cycle: Cycle | undefined
  /** Whether the driver has to end that statement itself: a cursor. */
  #isOpen = false
  #isPreparedAnew = false
  /** The connection that it has alone, if it has one. */
  seat: Seat | undefined
  /** Whether it is for what the package asks itself, with nothing of the user's in it. */
  readonly isOurs: boolean

  constructor (routes: LaneRoutes, greeting: Buffer, isOurs: boolean, open: (socket: VirtualSocket) => Execute) {
    this.#routes = routes
    this.isOurs = isOurs
    this.#socket = new VirtualSocket(greeting, { written: (bytes) => this.#written(bytes), paused: (isPaused) => routes.pause(this, isPaused) })
    this.#execute = open(this.#socket)
  }

  /** False once anything was in doubt. */
  get isUsable (): boolean { return !this.#isDoubted && !this.#socket.isClosed && !this.#memory.isFull }
  get task (): LaneTask | undefined { return this.#task }
  get cycle (): Cycle | undefined { return this.#cycle }
  run (task: LaneTask): void {
    this.#task = task
    this.#failure = undefined
    task.query.judgeErrors((error) => {
      // A value that could not be sent, or a row that could not be read: what the driver is up to is not known (D-06).
      if (!isServerError(error)) this.#isDoubted = true
      return this.#failure ?? visibleError(error)
    })
    this.#execute(task.query)
  }

  /** Gives the lane up: what the driver has on its way is rejected with `reason`. */
  discard (reason: Error): void {
    this.#isDoubted = true
    this.#failure ??= reason
    this.#answer.drop()
    this.#task?.query.abandon(this.#failure)
    this.#socket.fail(reason)
    this.#finishTask()
  }

  receive (bytes: Buffer): void { this.#answer.receive(bytes) }
  described (description: Description): void {
    this.#memory.describe(description)
    this.#answer.holdUntil((known) => this.#routes.requireTypes(this, description, known))
  }

  refused (error: Error): void { this.#failure ??= error }
  skipped (): void { this.#routes.append(this, SYNC) }
  finished (): void { this.#answer.finish() }
  lost (reason: Error): void { this.discard(this.#failure = this.#routes.lostError(this.#cycle, reason, this.#failure)) }

  #finishTask (isInDoubt = false): void {
    this.#isDoubted ||= isInDoubt
    const task = this.#task
    this.#task = this.#cycle = undefined
    this.#memory.end()
    this.#isOpen = this.#isPreparedAnew = false
    task?.done(this)
  }

  #written (bytes: Buffer): void {
    for (let at = 0; at < bytes.length && !this.#socket.isClosed;) {
      const group = readGroup(bytes, at)
      if (group === undefined) return this.#violate('messages that are not known')
      at += group.bytes.length
      this.#take(group)
    }
    this.#routes.arrived()
  }

  #take (group: MessageGroup): void {
    const task = this.#task
    if (group.end === 'terminate') return this.discard(new ConnectionLostError())
    // The driver goes on sending after a COPY has failed, when nobody wants it any more.
    if (group.end === 'copy') return this.#cycle?.request.kind === 'text' && !this.#cycle.isFailed ? this.#routes.append(this, group.bytes) : undefined
    if (task === undefined) return this.#violate('a statement without a task')
    if (this.#isOpen) return this.#continue(group)
    if (this.#cycle !== undefined) return this.#violate('a statement beside another one')
    if (group.text !== undefined) return this.#text(task, group.text)
    // What the driver writes when a value could not be sent, and behind a description: nothing is under way.
    if (isEnd(group)) return this.#reply(READY)
    this.#extended(task, group)
  }

  /** Next rows of a cursor, or its end. */
  #continue (group: MessageGroup): void {
    this.#isOpen = isNextRows(group)
    if (!this.#isOpen && !isEnd(group)) return this.#violate('a statement inside a cursor')
    this.#routes.append(this, group.bytes)
  }

  #text (task: LaneTask, bytes: Buffer): void {
    const kind = kindOfText(bytes.toString())
    if (kind.kind === 'empty') return this.#reply(emptyReply(READY))
    if (kind.kind === 'refused') return this.#refuse(kind.reason, true)
    this.#routes.takeAlone(this, () => this.#send(task, { kind: 'text', text: bytes }))
  }

  #extended (task: LaneTask, group: MessageGroup): void {
    const held = this.#memory.find(group, (body) => this.#routes.text(body))
    if (held === undefined) return this.#violate('a statement that was not prepared')
    const { kind } = held.text
    const reason = refusalOf(kind, held.text.sql, { mayControl: task.mayControl && group.bind !== undefined, mayNotify: isNotification(task.query) })
    if (reason !== undefined) return this.#refuse(reason, group.end === 'sync')
    if (kind.kind === 'control' || kind.kind === 'mode') return this.#routes.takeAlone(this, () => this.#send(task, { kind: 'bare', messages: bareStatement(held.text.body), isCommit: isCommit(held.text.sql) }))
    const isAlone = group.bind !== undefined && (task.isAlone || kind.kind === 'alone' || opensCursor(group))
    const statement = this.#routes.statement(held.text, task.frame.shape)
    const go = (): void => this.#describe(task, held, statement, group, () => this.#run(task, held, statement, group))
    return isAlone ? this.#routes.takeAlone(this, go) : go()
  }

  #refuse (reason: string, isWhole: boolean): void {
    this.refused(new SqlRefusedError(reason))
    this.#reply(failure(REFUSED, isWhole), isWhole)
  }

  /** Calls `then` when it is known what the statement looks like for this tenant. */
  #describe (task: LaneTask, held: Held, statement: Statement, group: MessageGroup, then: () => void): void {
    // Who asks for nothing but the description wants the server's word.
    if (task.query.onlyDescribe === true) statement.forgetDescription()
    this.#routes.describe(this, { frame: task.frame, statement, isNamedByDriver: held.isNamed, isCursor: opensCursor(group) }, {
      then,
      failed: (error) => {
        this.#socket.deliver(failure(error, group.end === 'sync'))
        if (group.end === 'sync') this.#finishTask()
      }
    })
  }

  #run (task: LaneTask, held: Held, statement: Statement, group: MessageGroup): void {
    const { description } = statement
    if (description === undefined) return this.#violate('a statement without a description')
    const { bind } = group
    if (bind === undefined) {
      held.description = description
      return this.#reply(descriptionReply(description), false)
    }
    // The values were written for parameters of other types, by what the driver was told for another tenant.
    if (held.description?.hasParametersOf(description) === false) return this.#prepareAnew(held.isNamed)
    this.#memory.begin(held, group.isDescribing)
    const cursor = opensCursor(group) ? group.execute?.message : undefined
    this.#isOpen = cursor !== undefined
    this.#send(task, { kind: 'run', statement, isNamed: this.#routes.isNamed(held.text, held.isNamed), bind: bind.message, nameEnd: bind.nameEnd, cursor })
  }

  /** Once: the driver does it no second time, and not for a statement without a name. */
  #prepareAnew (isNamed: boolean): void {
    this.#reply(PREPARE_ANEW, !isNamed || this.#isPreparedAnew)
    this.#isPreparedAnew = true
  }

  #send (task: LaneTask, request: Request): void {
    if (this.#socket.isClosed) return
    this.#cycle = new Cycle(this, request.kind === 'bare' ? undefined : task.frame, request, !this.#routes.isAlone(this))
    this.#routes.send(this, this.#cycle)
  }

  /** Answers in the server's place, one tick later: the driver is in the middle of a write. */
  #reply (bytes: Buffer, isEnd = true): void {
    process.nextTick(() => {
      this.#socket.deliver(bytes)
      if (isEnd) this.#finishTask()
    })
  }

  #violate (what: string): void { this.#routes.violated(this, new Error(`the driver sent ${what}`)) }
}
