import type { Description, MessageGroup, SettingsFrame } from '../wire/index.ts'
import type { Cycle } from './cycle.ts'
import type { Held } from './driver-memory.ts'
import type { LaneQuery } from './lane-query.ts'
import type { Lane } from './lane.ts'
import type { Statement, StatementText } from './statements.ts'
import type { Share } from './tally.ts'

/** One statement for a lane. */
export interface LaneTask {
  readonly query: LaneQuery
  /** The settings of the tenant whose statement it is. */
  readonly frame: SettingsFrame
  /** What counts it among the statements of its tenant; undefined in a session, which is counted itself. */
  readonly share: Share | undefined
  /** Whether it has a connection alone, whatever its text is. */
  readonly isAlone: boolean
  /** Whether its text may be transaction control: only on a connection that is thrown away afterwards. */
  readonly mayControl: boolean
  /** Called once, when the server is ready again or the lane is dead. */
  done (lane: Lane, task: LaneTask): void
}

/** What a lane needs of what lies below it. */
export interface LaneRoutes {
  text (body: Buffer): StatementText
  statement (text: StatementText, shape: string): Statement
  /** Whether a text is prepared by name on the server. */
  isNamed (text: StatementText, isNamedByDriver: boolean): boolean
  /** Asks the server what a statement looks like, unless that is known. */
  describe (lane: Lane, asked: Asked, outcome: DescribeOutcome): void
  /** Whether nothing has to be asked before a statement runs: what it looks like is known, and which of its types are arrays. */
  isDescribed (lane: Lane, statement: Statement): boolean
  areTypesKnown (lane: Lane, description: Description): boolean
  /** Calls `then` when it is known which types in a description are arrays: at once, or later. */
  requireTypes (lane: Lane, description: Description | undefined, then: () => void): void
  /** Whether the lane has a connection alone. */
  isAlone (lane: Lane): boolean
  /** Calls `then` when the lane has a connection alone; discards the lane if there is none in time. */
  takeAlone (lane: Lane, then: () => void): void
  /** Sends a cycle, on the lane's own connection or on one that lanes share. */
  send (lane: Lane, cycle: Cycle): void
  /** Says that what was expected of a lane has been sent, or is known not to come in this turn. */
  arrived (): void
  /** Appends messages to the cycle that the lane has on its own connection. */
  append (lane: Lane, messages: Buffer): void
  /** Pauses the connection that the lane has alone, or lets it go on. */
  pause (lane: Lane, isPaused: boolean): void
  /** What a lost connection means to a cycle that was sent on it; `noticed` is what its lane knew before. */
  lostError (cycle: Cycle | undefined, reason: Error, noticed: Error | undefined): Error
  /** The driver did what it never does: gives up the lane, and the connection that it has alone. */
  violated (lane: Lane, reason: Error): void
}

/** A statement as the driver asks for it: with what it was told of it, and what it wrote. */
export interface Asked {
  readonly task: LaneTask
  readonly held: Held
  readonly statement: Statement
  readonly group: MessageGroup
}

export interface DescribeOutcome {
  readonly then: () => void
  /** The server refused the statement; `error` is its message. */
  readonly failed: (error: Buffer) => void
}
