import { ConnectionLostError, SqlRefusedError } from '../../words/errors/index.ts'
import {
  type Description, type Execute, type MessageGroup, SYNC,
  bareStatement, descriptionReply, emptyReply, isCommit, isEnd, isNextRows, kindOfText, opensCursor, readGroup, refusalOf
} from '../wire/index.ts'
import { Cycle } from './cycle.ts'
import type { CycleOwner, Request } from './request.ts'
import { PREPARE_ANEW, READY, REFUSED, failure } from './lane-replies.ts'
import { HeldAnswer } from './held-answer.ts'
import { DriverMemory } from './driver-memory.ts'
import { isNotification } from './lane-query.ts'
import type { Seat } from './seat.ts'
import { type Failure, judgedFailure } from './server-error.ts'
import { VirtualSocket } from './virtual-socket.ts'
import type { Asked, LaneRoutes, LaneTask } from './lane-task.ts'

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
  #failure: Failure = { reason: undefined }
  #isDoubted = false
  readonly #doubt = (): void => { this.#isDoubted = true }
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
    this.#failure = judgedFailure(task.query, this.#doubt)
    this.#execute(task.query)
  }

  /** Gives the lane up: what the driver has on its way is rejected with `reason`. */
  discard (reason: Error): void {
    this.#isDoubted = true
    this.refused(reason)
    this.#answer.drop()
    this.#task?.query.abandon(this.#failure.reason ?? reason)
    this.#socket.fail(reason)
    this.#finishTask()
  }

  receive (bytes: Buffer): void { this.#answer.receive(bytes) }
  described (description: Description): void {
    this.#memory.describe(description)
    if (!this.#routes.areTypesKnown(this, description)) this.#answer.holdUntil((known) => this.#routes.requireTypes(this, description, known))
  }

  refused (error: Error): void { this.#failure.reason ??= error }
  skipped (): void { this.#routes.append(this, SYNC) }
  finished (): void { this.#answer.finish() }
  lost (reason: Error): void { this.discard(this.#failure.reason = this.#routes.lostError(this.#cycle, reason, this.#failure.reason)) }

  #finishTask (isInDoubt = false): void {
    this.#isDoubted ||= isInDoubt
    const task = this.#task
    this.#task = this.#cycle = undefined
    this.#memory.end()
    this.#isOpen = this.#isPreparedAnew = false
    task?.done(this, task)
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
    const asked: Asked = { task, held, statement: this.#routes.statement(held.text, task.frame.shape), group }
    const isAlone = group.bind !== undefined && (task.isAlone || kind.kind === 'alone' || opensCursor(group))
    return isAlone ? this.#routes.takeAlone(this, () => this.#describe(asked)) : this.#describe(asked)
  }

  #refuse (reason: string, isWhole: boolean): void {
    this.refused(new SqlRefusedError(reason))
    this.#reply(failure(REFUSED, isWhole), isWhole)
  }

  /** Runs it when it is known what the statement looks like for this tenant. */
  #describe (asked: Asked): void {
    // Who asks for nothing but the description wants the server's word.
    if (asked.task.query.onlyDescribe === true) asked.statement.forgetDescription()
    if (!opensCursor(asked.group) && this.#routes.isDescribed(this, asked.statement)) this.#run(asked)
    else this.#askFor(asked)
  }

  #askFor (asked: Asked): void {
    const isWhole = asked.group.end === 'sync'
    this.#routes.describe(this, asked, {
      then: () => this.#run(asked),
      failed: (error) => {
        this.#socket.deliver(failure(error, isWhole))
        if (isWhole) this.#finishTask()
      }
    })
  }

  #run ({ task, held, statement, group }: Asked): void {
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
    this.#cycle = new Cycle(this, request.kind === 'bare' ? undefined : task.frame, request, !this.#routes.isAlone(this), task.share)
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
