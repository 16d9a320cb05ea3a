import { ClosedError, ConnectionLostError, DatabaseUnreachableError, DeadlineError, OutcomeUnknownError, SqlUnexpectedError } from '../../words/errors/index.ts'
import { type Description, isRead, opensCursor } from '../wire/index.ts'
import { beginningOf } from './beginning.ts'
import type { Cycle } from './cycle.ts'
import { describe } from './describing.ts'
import type { Asked, DescribeOutcome, LaneRoutes } from './lane-task.ts'
import type { Lane } from './lane.ts'
import type { Multiplexer } from './multiplexer.ts'
import type { TypeLookup } from './type-lookup.ts'
import { type Statement, type StatementText, Statements } from './statements.ts'

/** What the router is made of. */
export interface RouterParts {
  readonly multiplexer: Multiplexer
  /** False where a pooler stands in between that may not know a name the next time. */
  readonly isNaming: boolean
  /** False where a lane that has a connection alone has the only one. */
  readonly hasOthers: boolean
  readonly types: TypeLookup
}

/** Tells whether nothing stays of it if its connection is lost: a text of several may have changed something before its answer was. */
function isHarmless ({ request, isInTransaction }: Cycle): boolean {
  if (request.kind === 'bare') return request.isCommit !== true
  if (isInTransaction || request.kind === 'describe') return true
  return request.kind === 'run' && isRead(request.statement.text.sql)
}

const isBegun = (): undefined => undefined

/** The way from a lane to its connection: the one that it has alone, or those that all share. */
export class Router implements LaneRoutes {
  readonly statements = new Statements()
  readonly #parts: RouterParts

  constructor (parts: RouterParts) {
    this.#parts = parts
  }

  text (body: Buffer): StatementText {
    return this.statements.text(body)
  }

  statement (text: StatementText, shape: string): Statement {
    return this.statements.statement(text, shape)
  }

  isNamed (text: StatementText, isNamedByDriver: boolean): boolean {
    return this.#parts.isNaming && (isNamedByDriver || this.statements.deservesName(text))
  }

  isDescribed (lane: Lane, { description }: Statement): boolean {
    return description !== undefined && this.areTypesKnown(lane, description)
  }

  areTypesKnown (lane: Lane, description: Description): boolean {
    return lane.isOurs || this.#parts.types.areKnown(description)
  }

  requireTypes (lane: Lane, description: Description | undefined, then: () => void): void {
    // What the package asks for itself has no types of users', and finds them out for the others. On the only connection
    // the question would wait for the one who asks.
    if (lane.isOurs || description === undefined || (!this.#parts.hasOthers && this.isAlone(lane))) then()
    else this.#parts.types.require(description, then)
  }

  isAlone (lane: Lane): boolean {
    return lane.seat !== undefined
  }

  arrived (): void {
    this.#parts.multiplexer.writes.arrived()
  }

  send (lane: Lane, cycle: Cycle): void {
    const { seat } = lane
    if (seat === undefined) return this.#parts.multiplexer.send(cycle)
    const { connection } = seat
    const add = (): void => {
      connection.add(cycle)
      connection.flush()
    }
    const opening = seat.takeOpening()
    if (opening === undefined) return add()
    cycle.isInTransaction = true
    if (cycle.request.kind !== 'text') {
      cycle.opening = opening
      return add()
    }
    connection.add(beginningOf(opening, { begun: add, lost: (reason) => cycle.owner.lost(reason), refused: (error) => cycle.owner.refused(error) }))
    connection.flush()
  }

  append (lane: Lane, messages: Buffer): void {
    lane.seat?.connection.append(messages)
    lane.seat?.connection.flush()
  }

  pause (lane: Lane, isPaused: boolean): void {
    lane.seat?.connection.pause(isPaused)
  }

  takeAlone (lane: Lane, then: () => void): void {
    if (lane.seat !== undefined) return then()
    const { task } = lane
    this.#parts.multiplexer.takeAlone(task?.frame.tenantId ?? '', {
      give: (connection) => {
        // Whoever asked may have given up, and the lane may be another tenant's.
        if (task === undefined || lane.task !== task) return this.#parts.multiplexer.release(connection, false)
        lane.seat = { connection, takeOpening: isBegun }
        then()
      },
      refuse: (error) => lane.discard(error),
      onLost: (reason) => {
        lane.seat = undefined
        lane.lost(reason)
      }
    })
  }

  /** Gives back the connection that a lane has alone, if it has one. */
  leaveAlone (lane: Lane, isDoubted: boolean): void {
    const { seat } = lane
    if (seat === undefined) return
    lane.seat = undefined
    this.#parts.multiplexer.release(seat.connection, isDoubted)
  }

  describe (lane: Lane, { task: { frame, share }, held, statement, group }: Asked, outcome: DescribeOutcome): void {
    const known = (): void => this.requireTypes(lane, statement.description, outcome.then)
    // First rows are asked for without a Sync. Behind an answer that is still due, a pooler counts nothing more as due, and
    // gives the server to somebody else with the cursor on its way (P-01): what is in front is answered first.
    const isBehind = opensCursor(group) && (lane.seat?.connection.depth ?? 0) > 0
    if (statement.description !== undefined && !isBehind) return known()
    describe({
      frame,
      share,
      statement,
      isNamed: this.isNamed(statement.text, held.isNamed),
      isShared: !this.isAlone(lane),
      send: (cycle) => this.send(lane, cycle)
    }, {
      then: known,
      failed: outcome.failed,
      refused: (error) => lane.refused(error),
      lost: (reason) => lane.lost(reason)
    })
  }

  lostError (cycle: Cycle | undefined, reason: Error, noticed: Error | undefined): Error {
    if (reason instanceof DatabaseUnreachableError || reason instanceof ClosedError) return noticed ?? reason
    // A late or strange answer leaves open what was done; whatever else was noticed says that nothing was.
    const isOpen = noticed === undefined || noticed instanceof DeadlineError || noticed instanceof SqlUnexpectedError
    if (isOpen && cycle !== undefined && !isHarmless(cycle)) return new OutcomeUnknownError({ cause: noticed ?? reason })
    return noticed ?? new ConnectionLostError({ cause: reason })
  }

  violated (lane: Lane, reason: Error): void {
    // The connection fails while its holder is known, so that a session hears of it: the other way round it would wait for ever.
    lane.seat?.connection.fail(reason)
    lane.discard(new SqlUnexpectedError({ cause: reason }))
  }
}
